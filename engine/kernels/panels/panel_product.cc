#include "engine/kernels/panels/panel_product.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/memory/fetcher.h"
#include "engine/memory/rounding.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/panels/panel_product.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target.h: compiled once per instruction set.
#include "engine/kernels/panels/integer_products-inl.h"
#include "engine/kernels/vectors-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace verdict {
namespace HWY_NAMESPACE {

// Few rows, whose weights are cold, are multiplied with one panel at a time: what is fetched is
// needed at once.
constexpr int kOnePanelRows = 40;

// AVX-512's panels are two cache lines wide and its products soon done: for few rows there is no
// time to fetch what comes next, only what is needed a little later. With AVX2 there is: it spares
// 8 rows a third of the time on one thread, and a little on two.
constexpr int kNearFetchRows = kHas32Registers ? 12 : 0;

// Between two looks at what is to be fetched, this many of `in` are computed.
constexpr int kFetchInterval = 8;
// How far ahead, in bytes, weights are fetched for few rows.
constexpr size_t kNearFetch = 8192;

int PanelColumnsForTarget() { return static_cast<int>(2 * hn::Lanes(F32())); }

// What a product's numbers are, and how a vector of weights is loaded, a number of x repeated, and
// the two multiplied and added to the sums.
struct F32Numbers {
  using X = float;
  using Weight = float;
  using Sum = float;
  static constexpr int kDepth = 1;  // so many of `in` are added up at once
  // Rows computed together with one panel: as many as there are registers for.
  static constexpr int kMaxRows = kHas32Registers ? 12 : 6;
  // Panels computed together with many rows. Two halve the rows and so the places that x is read
  // from, which is faster where registers are many: 184 to 168 G/s.
  static constexpr int kPanels = kHas32Registers ? 2 : 1;
  HWY_INLINE static Vec Repeat(const X* x) { return hn::Set(F32(), *x); }
  // A vector of weights: a panel's first or second half, 0 or 1.
  HWY_INLINE static Vec Load(const Weight* from, int half) {
    return hn::Load(F32(), from + half * hn::Lanes(F32()));
  }
  HWY_INLINE static Vec MulAdd(Vec x, Vec weights, Vec sums) {
    return hn::MulAdd(x, weights, sums);
  }
};

#if HWY_TARGET != HWY_SCALAR
// The four bytes at `from`, again and again.
template <class D>
HWY_INLINE hn::Vec<D> RepeatWord(D d, const void* from) {
  int32_t word;
  std::memcpy(&word, from, sizeof(word));
  return hn::BitCast(d, hn::Set(Int32(), word));
}
#endif

// Two products are added up in 32 bits, as QuantizeForPanel sees to it that all fit.
struct Int16Numbers {
  using X = int16_t;
  using Weight = int16_t;
  using Sum = int32_t;
  static constexpr int kDepth = kInt16Depth;
  static constexpr int kMaxRows = F32Numbers::kMaxRows;
  static constexpr int kPanels = F32Numbers::kPanels;
#if HWY_TARGET == HWY_SCALAR
  HWY_INLINE static const X* Repeat(const X* x) { return x; }
  HWY_INLINE static const Weight* Load(const Weight* from, int half) {
    return from + half * kDepth;
  }
  HWY_INLINE static hn::Vec<Int32> MulAdd(const X* x, const Weight* weights, hn::Vec<Int32> sums) {
    return hn::Add(sums, hn::Set(Int32(), x[0] * weights[0] + x[1] * weights[1]));
  }
#else
  HWY_INLINE static hn::Vec<Int16> Repeat(const X* x) { return RepeatWord(Int16(), x); }
  HWY_INLINE static hn::Vec<Int16> Load(const Weight* from, int half) {
    return hn::Load(Int16(), from + half * hn::Lanes(Int16()));
  }
  HWY_INLINE static hn::Vec<Int32> MulAdd(hn::Vec<Int16> x, hn::Vec<Int16> weights,
                                          hn::Vec<Int32> sums) {
    return AddPairs(x, weights, sums);
  }
#endif
};

// x and weights are bytes, multiplied and added up in 16 bits by fours, as far as QuantizeForPanel
// sees to it that they fit, and then in 32 bits.
struct Int8Numbers {
  using X = uint8_t;
  using Weight = int8_t;
  using Sum = int32_t;
  static constexpr int kDepth = kInt8Depth;
  static constexpr int kMaxRows = kHas32Registers ? 8 : 4;
  static constexpr int kPanels = 2;  // with AVX2 249 to 244 G/s: x is repeated half as often
#if HWY_TARGET == HWY_SCALAR
  using Factors = const X*;
  using Weights = const Weight*;
  HWY_INLINE static Factors Repeat(const X* x) { return x; }
  HWY_INLINE static Weights Load(const Weight* from, int half) {
    return from + half * kInt8Together;
  }
  HWY_INLINE static hn::Vec<Int32> MulAdd(Factors x, Weights weights, hn::Vec<Int32> sums) {
    int sum = 0;
    for (int i = 0; i < kDepth; ++i) {
      const int whole = i / kInt8Together * kInt8Together;
      sum += x[i] * weights[whole * PanelColumns() + i % kInt8Together];
    }
    return hn::Add(sums, hn::Set(Int32(), sum));
  }
#else
  struct Factors {
    hn::Vec<Uint8> first, second;
  };
  struct Weights {
    hn::Vec<Int8> first, second;
  };
  HWY_INLINE static Factors Repeat(const X* x) {
    return {RepeatWord(Uint8(), x), RepeatWord(Uint8(), x + kInt8Together)};
  }
  HWY_INLINE static Weights Load(const Weight* from, int half) {
    from += half * hn::Lanes(Int8());
    return {hn::Load(Int8(), from), hn::Load(Int8(), from + 2 * hn::Lanes(Int8()))};
  }
  HWY_INLINE static hn::Vec<Int32> MulAdd(const Factors& x, const Weights& weights,
                                          hn::Vec<Int32> sums) {
    const auto fours =
        hn::Add(MulBytePairs(x.first, weights.first), MulBytePairs(x.second, weights.second));
    return AddPairs(fours, hn::Set(Int16(), 1), sums);
  }
#endif
};

template <class Numbers>
using SumTag = hn::Rebind<typename Numbers::Sum, F32>;

// kRows rows at x and y, kPanels panels.
template <class Numbers, int kRows, int kPanels>
HWY_INLINE void MultiplyBlock(const PanelProduct& product, const typename Numbers::X* x,
                              typename Numbers::Sum* y, Fetcher& fetcher) {
  constexpr int kVectors = 2 * kPanels;
  constexpr int kDepth = Numbers::kDepth;
  const SumTag<Numbers> d;
  const size_t lanes = hn::Lanes(d);
  const size_t columns = product.columns;
  const int in = product.in;
  const size_t x_stride = product.x_stride;
  hn::Vec<SumTag<Numbers>> sums[kRows][kVectors];
  HWY_UNROLL(4)
  for (int v = 0; v < kVectors; ++v) {
    HWY_UNROLL(12)
    for (int r = 0; r < kRows; ++r) sums[r][v] = hn::Zero(d);
  }
  if (product.adds) {
    HWY_UNROLL(12)
    for (int r = 0; r < kRows; ++r) {
      HWY_UNROLL(4)
      for (int v = 0; v < kVectors; ++v) {
        const size_t first = v * lanes;
        const auto* from = y + r * product.y_stride + first;
        if (first + lanes <= columns) {
          sums[r][v] = hn::LoadU(d, from);
        } else if (first < columns) {
          sums[r][v] = LoadFirst(d, from, columns - first);
        }
      }
    }
  }
  const auto* weights = static_cast<const typename Numbers::Weight*>(product.panels);
  for (int i = 0; i < in;) {
    fetcher.Step();
    const int end = std::min(in, i + kFetchInterval * kDepth);
    for (; i < end; i += kDepth, weights += kDepth * 2 * lanes) {
      decltype(Numbers::Load(weights, 0)) w[kVectors];
      HWY_UNROLL(4)
      for (int v = 0; v < kVectors; ++v) {
        w[v] = Numbers::Load(weights + v / 2 * product.panel_stride, v % 2);
      }
      HWY_UNROLL(12)
      for (int r = 0; r < kRows; ++r) {
        const auto factor = Numbers::Repeat(x + r * x_stride + i);
        HWY_UNROLL(4)
        for (int v = 0; v < kVectors; ++v) {
          sums[r][v] = Numbers::MulAdd(factor, w[v], sums[r][v]);
        }
      }
    }
  }
  HWY_UNROLL(12)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(4)
    for (int v = 0; v < kVectors; ++v) {
      const size_t first = v * lanes;
      auto* to = y + r * product.y_stride + first;
      if (first + lanes <= columns) {
        hn::StoreU(sums[r][v], d, to);
      } else if (first < columns) {
        StoreFirst(sums[r][v], d, to, columns - first);
      }
    }
  }
}

// MultiplyBlock for a number of rows that is known only now.
template <class Numbers, int kRows, int kPanels>
HWY_INLINE void MultiplyRows(int rows, const PanelProduct& product, const typename Numbers::X* x,
                             typename Numbers::Sum* y, Fetcher& fetcher) {
  if constexpr (kRows > 1) {
    if (rows < kRows) {
      return MultiplyRows<Numbers, kRows - 1, kPanels>(rows, product, x, y, fetcher);
    }
  }
  MultiplyBlock<Numbers, kRows, kPanels>(product, x, y, fetcher);
}

// Rows computed together with so many panels.
template <class Numbers>
constexpr int BlockRows(int panels) {
  return Numbers::kMaxRows / panels;
}

// The columns of kPanels panels.
template <class Numbers, int kPanels>
HWY_INLINE void MultiplyBlocks(const PanelProduct& product, Fetcher& fetcher) {
  const auto* x = static_cast<const typename Numbers::X*>(product.x);
  auto* y = static_cast<typename Numbers::Sum*>(product.y);
  // Blocks of nearly equal numbers of rows: none is left with so few that its sums wait for each
  // other.
  const int blocks = DivideUp(product.rows, BlockRows<Numbers>(kPanels));
  int row = 0;
  for (int i = 0; i < blocks; ++i) {
    const int rows = (product.rows - row) / (blocks - i);
    MultiplyRows<Numbers, BlockRows<Numbers>(kPanels), kPanels>(
        rows, product, x + row * product.x_stride, y + row * product.y_stride, fetcher);
    row += rows;
  }
}

// A function of its own for each: in one, the loops would share too few registers.
template <class Numbers>
HWY_NOINLINE void MultiplyPanelsAs(const PanelProduct& product) {
  using Weight = typename Numbers::Weight;
  const int panel_columns = PanelColumnsForTarget();
  const int panels_at_once = product.rows <= kOnePanelRows ? 1 : Numbers::kPanels;
  const int columns_at_once = panels_at_once * panel_columns;
  const size_t steps_of_a_block = DivideUp(product.in, kFetchInterval * Numbers::kDepth);
  Fetcher far(product.to_fetch, DivideUp(product.columns, columns_at_once) *
                                    DivideUp(product.rows, BlockRows<Numbers>(panels_at_once)) *
                                    steps_of_a_block);
  PanelProduct part = product;
  const auto* panels = static_cast<const Weight*>(product.panels);
  auto* y = static_cast<typename Numbers::Sum*>(product.y);
  for (int first = 0; first < product.columns; first += columns_at_once) {
    part.columns = std::min(columns_at_once, product.columns - first);
    part.panels = panels + first / panel_columns * product.panel_stride;
    part.y = y + first;
    Fetcher near({static_cast<const char*>(part.panels) + kNearFetch,
                  sizeof(Weight) * product.in * panel_columns},
                 steps_of_a_block);
    Fetcher& fetcher = product.rows <= kNearFetchRows ? near : far;
    if (part.columns > panel_columns) {
      MultiplyBlocks<Numbers, Numbers::kPanels>(part, fetcher);
    } else {
      MultiplyBlocks<Numbers, 1>(part, fetcher);
    }
  }
}

void MultiplyPanelsForTarget(const PanelProduct& product) {
  switch (product.precision) {
    case Precision::kF32:
      return MultiplyPanelsAs<F32Numbers>(product);
    case Precision::kBf16:
      return MultiplyPanelsAs<Int16Numbers>(product);
    case Precision::kInt8:
      return MultiplyPanelsAs<Int8Numbers>(product);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace verdict
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace verdict {

HWY_EXPORT(PanelColumnsForTarget);
HWY_EXPORT(MultiplyPanelsForTarget);

int PanelColumns() { return HWY_DYNAMIC_DISPATCH(PanelColumnsForTarget)(); }

void MultiplyPanels(const PanelProduct& product) {
  HWY_DYNAMIC_DISPATCH(MultiplyPanelsForTarget)(product);
}

}  // namespace verdict
#endif  // HWY_ONCE
