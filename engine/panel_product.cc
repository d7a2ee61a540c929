#include "engine/panel_product.h"

#include <algorithm>
#include <cstring>

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
// weights the one panel is.
#if HWY_TARGET <= HWY_AVX3
constexpr int kMaxRows = 12;
constexpr int kMaxPanels = 2;
#else
constexpr int kMaxRows = 6;
constexpr int kMaxPanels = 1;
#endif

constexpr size_t kCacheLine = 64;
// Between two looks at what is to be fetched, this many of `in` are computed.
constexpr size_t kFetchInterval = 8;

// Fetches a piece of memory bit by bit.
class Fetcher {
 public:
  // In `steps` steps.
  Fetcher(const ToFetch& memory, size_t steps)
      : next_(static_cast<const char*>(memory.begin)),
        end_(next_ + memory.size),
        lines_((memory.size / kCacheLine + steps - 1) / steps) {}

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

// The columns of y that vector `v` of a step holds, and where they end.
struct Place {
  HWY_INLINE Place(int v, size_t step, size_t lanes)
      : first(v / 2 * kPanelColumns + step + v % 2 * lanes), end(first + lanes) {}
  const size_t first, end;
};

// kRows rows at x and y, kPanels panels.
template <int kRows, int kPanels, bool kFetches>
HWY_INLINE void MultiplyBlock(const PanelProduct& product, const float* x, float* y,
                              Fetcher& fetcher) {
  constexpr int kVectors = 2 * kPanels;
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  const size_t columns = product.columns;
  const size_t in = product.in;
  const size_t x_stride = product.x_stride;
  for (size_t step = 0; step < kPanelColumns; step += 2 * lanes) {
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
          const Place place(v, step, lanes);
          const float* from = y + r * product.y_stride + place.first;
          if (place.end <= columns) {
            sums[r][v] = hn::LoadU(d, from);
          } else if (place.first < columns) {
            sums[r][v] = LoadFirst(d, from, columns - place.first);
          }
        }
      }
    }
    const float* weights = product.panels + step;
    for (size_t i = 0; i < in;) {
      if constexpr (kFetches) {
        if (step == 0) fetcher.Step();
      }
      const size_t end = kFetches ? std::min(in, i + kFetchInterval) : in;
      for (; i < end; ++i, weights += kPanelColumns) {
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
        const Place place(v, step, lanes);
        float* to = y + r * product.y_stride + place.first;
        if (place.end <= columns) {
          hn::StoreU(sums[r][v], d, to);
        } else if (place.first < columns) {
          StoreFirst(sums[r][v], d, to, columns - place.first);
        }
      }
    }
  }
}

// MultiplyBlock for a number of rows that is known only now.
template <int kRows, int kPanels, bool kFetches>
HWY_INLINE void MultiplyRows(int rows, const PanelProduct& product, const float* x, float* y,
                             Fetcher& fetcher) {
  if constexpr (kRows > 1) {
    if (rows < kRows) {
      return MultiplyRows<kRows - 1, kPanels, kFetches>(rows, product, x, y, fetcher);
    }
  }
  MultiplyBlock<kRows, kPanels, kFetches>(product, x, y, fetcher);
}

template <int kPanels, bool kFetches>
HWY_INLINE void MultiplyBlocks(const PanelProduct& product) {
  // Blocks of nearly equal numbers of rows: none is left with so few that its sums wait for each
  // other.
  constexpr int kRows = kMaxRows / kPanels;
  const int blocks = (product.rows + kRows - 1) / kRows;
  const size_t steps_of_a_block = (product.in + kFetchInterval - 1) / kFetchInterval;
  Fetcher fetcher(product.to_fetch,
                  product.to_fetch.first_rows ? steps_of_a_block : blocks * steps_of_a_block);
  int row = 0;
  for (int i = 0; i < blocks; ++i) {
    const int rows = (product.rows - row) / (blocks - i);
    MultiplyRows<kRows, kPanels, kFetches>(rows, product, product.x + row * product.x_stride,
                                           product.y + row * product.y_stride, fetcher);
    row += rows;
  }
}

void MultiplyPanelsForTarget(const PanelProduct& product) {
  const bool fetches = product.to_fetch.size > 0;
  if (product.columns <= kPanelColumns) {
    return fetches ? MultiplyBlocks<1, true>(product) : MultiplyBlocks<1, false>(product);
  }
  if constexpr (kMaxPanels > 1) {
    return fetches ? MultiplyBlocks<2, true>(product) : MultiplyBlocks<2, false>(product);
  }
  PanelProduct one = product;
  one.columns = kPanelColumns;
  MultiplyPanelsForTarget(one);
  one.panels += product.panel_stride;
  one.y += kPanelColumns;
  one.columns = product.columns - kPanelColumns;
  one.to_fetch = {};
  MultiplyPanelsForTarget(one);
}

}  // namespace HWY_NAMESPACE
}  // namespace verdict
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace verdict {

HWY_EXPORT(MultiplyPanelsForTarget);

void MultiplyPanels(const PanelProduct& product) {
  HWY_DYNAMIC_DISPATCH(MultiplyPanelsForTarget)(product);
}

void PackPanel(const float* weights, int in, int columns, float* panel) {
  std::fill_n(panel, static_cast<size_t>(in) * kPanelColumns, 0.0f);
  for (int column = 0; column < columns; ++column) {
    const float* row = weights + static_cast<size_t>(column) * in;
    for (int i = 0; i < in; ++i) panel[static_cast<size_t>(i) * kPanelColumns + column] = row[i];
  }
}

}  // namespace verdict
#endif  // HWY_ONCE
