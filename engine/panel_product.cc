#include "engine/panel_product.h"

#include <algorithm>
#include <cstddef>

#include "engine/rounding.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/panel_product.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target.h: compiled once per instruction set.
#include "engine/vectors-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace verdict {
namespace HWY_NAMESPACE {

// Rows computed together with one panel, two vectors at a time: as many as there are registers for
// their sums. Where there are 32, six rows with two panels are as many sums, and from hot caches
// faster than twelve with one (184 to 168 G/s), as x is read from six places only; but with cold
// weights, so for few rows, the one panel is.
//
// AVX-512's panels are two cache lines wide and its products soon done: for few rows there is no
// time to fetch what comes next, only what is needed a little later. With AVX2 there is: it spares
// 8 rows a third of the time on one thread, and a little on two.
#if HWY_TARGET <= HWY_AVX3
constexpr int kMaxRows = 12;
constexpr int kMaxPanels = 2;
constexpr int kOnePanelRows = 40;
constexpr int kNearFetchRows = 12;
#else
constexpr int kMaxRows = 6;
constexpr int kMaxPanels = 1;
constexpr int kOnePanelRows = 0;
constexpr int kNearFetchRows = 0;
#endif

constexpr size_t kCacheLine = 64;
// Between two looks at what is to be fetched, this many of `in` are computed.
constexpr int kFetchInterval = 8;
// How far ahead, in bytes, weights are fetched for few rows.
constexpr size_t kNearFetch = 8192;

int PanelColumnsForTarget() { return static_cast<int>(2 * hn::Lanes(F32())); }

// Fetches a piece of memory bit by bit, in `steps` steps. Memory that is not ours is not touched by
// that, only not fetched.
class Fetcher {
 public:
  Fetcher(const ToFetch& memory, size_t steps)
      : next_(static_cast<const char*>(memory.begin)),
        end_(next_ + memory.size),
        lines_(DivideUp(memory.size / kCacheLine, steps)) {}

  HWY_INLINE void Step() {
    // Into L2 and not L1, which holds what is computed with now.
    for (size_t i = 0; i < lines_ && next_ < end_; ++i, next_ += kCacheLine) {
      __builtin_prefetch(next_, /*rw=*/0, /*locality=*/2);
    }
  }

 private:
  const char* next_;
  const char* const end_;
  const size_t lines_;  // in a step
};

// kRows rows at x and y, kPanels panels.
template <int kRows, int kPanels>
HWY_INLINE void MultiplyBlock(const PanelProduct& product, const float* x, float* y,
                              Fetcher& fetcher) {
  constexpr int kVectors = 2 * kPanels;
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  const size_t columns = product.columns;
  const int in = product.in;
  const size_t x_stride = product.x_stride;
  Vec sums[kRows][kVectors];
  HWY_UNROLL(12)
  for (auto& row : sums) {
    HWY_UNROLL(4)
    for (auto& sum : row) sum = hn::Zero(d);
  }
  if (product.adds) {
    HWY_UNROLL(12)
    for (int r = 0; r < kRows; ++r) {
      HWY_UNROLL(4)
      for (int v = 0; v < kVectors; ++v) {
        const size_t first = v * lanes;
        const float* from = y + r * product.y_stride + first;
        if (first + lanes <= columns) {
          sums[r][v] = hn::LoadU(d, from);
        } else if (first < columns) {
          sums[r][v] = LoadFirst(d, from, columns - first);
        }
      }
    }
  }
  const float* weights = product.panels;
  for (int i = 0; i < in;) {
    fetcher.Step();
    const int end = std::min(in, i + kFetchInterval);
    for (; i < end; ++i, weights += 2 * lanes) {
      Vec w[kVectors];
      HWY_UNROLL(4)
      for (int v = 0; v < kVectors; ++v) {
        w[v] = hn::Load(d, weights + v / 2 * product.panel_stride + v % 2 * lanes);
      }
      HWY_UNROLL(12)
      for (int r = 0; r < kRows; ++r) {
        const auto factor = hn::Set(d, x[r * x_stride + i]);
        HWY_UNROLL(4)
        for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(factor, w[v], sums[r][v]);
      }
    }
  }
  HWY_UNROLL(12)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(4)
    for (int v = 0; v < kVectors; ++v) {
      const size_t first = v * lanes;
      float* to = y + r * product.y_stride + first;
      if (first + lanes <= columns) {
        hn::StoreU(sums[r][v], d, to);
      } else if (first < columns) {
        StoreFirst(sums[r][v], d, to, columns - first);
      }
    }
  }
}

// MultiplyBlock for a number of rows that is known only now.
template <int kRows, int kPanels>
HWY_INLINE void MultiplyRows(int rows, const PanelProduct& product, const float* x, float* y,
                             Fetcher& fetcher) {
  if constexpr (kRows > 1) {
    if (rows < kRows) {
      return MultiplyRows<kRows - 1, kPanels>(rows, product, x, y, fetcher);
    }
  }
  MultiplyBlock<kRows, kPanels>(product, x, y, fetcher);
}

// Rows computed together with so many panels.
constexpr int BlockRows(int panels) { return kMaxRows / panels; }

// The columns of kPanels panels.
template <int kPanels>
HWY_INLINE void MultiplyBlocks(const PanelProduct& product, Fetcher& fetcher) {
  // Blocks of nearly equal numbers of rows: none is left with so few that its sums wait for each
  // other.
  const int blocks = DivideUp(product.rows, BlockRows(kPanels));
  int row = 0;
  for (int i = 0; i < blocks; ++i) {
    const int rows = (product.rows - row) / (blocks - i);
    MultiplyRows<BlockRows(kPanels), kPanels>(rows, product, product.x + row * product.x_stride,
                                              product.y + row * product.y_stride, fetcher);
    row += rows;
  }
}

void MultiplyPanelsForTarget(const PanelProduct& product) {
  const int panel_columns = PanelColumnsForTarget();
  const int panels_at_once = product.rows <= kOnePanelRows ? 1 : kMaxPanels;
  const int columns_at_once = panels_at_once * panel_columns;
  const size_t steps_of_a_block = DivideUp(product.in, kFetchInterval);
  Fetcher far(product.to_fetch, DivideUp(product.columns, columns_at_once) *
                                    DivideUp(product.rows, BlockRows(panels_at_once)) *
                                    steps_of_a_block);
  PanelProduct part = product;
  for (int first = 0; first < product.columns; first += columns_at_once) {
    part.columns = std::min(columns_at_once, product.columns - first);
    Fetcher near({part.panels + kNearFetch / sizeof(float),
                  size_t{sizeof(float)} * product.in * panel_columns},
                 steps_of_a_block);
    Fetcher& fetcher = product.rows <= kNearFetchRows ? near : far;
    if (part.columns > panel_columns) {
      MultiplyBlocks<kMaxPanels>(part, fetcher);
    } else {
      MultiplyBlocks<1>(part, fetcher);
    }
    part.panels += panels_at_once * product.panel_stride;
    part.y += columns_at_once;
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

void PackPanel(const float* weights, int in, int columns, float* panel) {
  const size_t panel_columns = PanelColumns();
  std::fill_n(panel, in * panel_columns, 0.0f);
  for (int column = 0; column < columns; ++column) {
    const float* row = weights + static_cast<size_t>(column) * in;
    for (int i = 0; i < in; ++i) panel[i * panel_columns + column] = row[i];
  }
}

}  // namespace verdict
#endif  // HWY_ONCE
