#include "engine/panel_product.h"

#include <algorithm>
#include <cstring>

// Sums are kept in arrays of vectors, which there are none of where a vector's size is not known.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/panel_product.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target.h: compiled once per instruction set.
#include "engine/partial_vector-inl.h"
#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace verdict {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using F32 = hn::ScalableTag<float>;
using Vec = hn::Vec<F32>;

// Rows computed together, two vectors each: as many as there are registers for their sums.
#if HWY_TARGET <= HWY_AVX3
constexpr int kMaxRows = 12;
#else
constexpr int kMaxRows = 6;
#endif

constexpr size_t kRowSize = kPanelColumns * sizeof(float);
// How far ahead weights are fetched where rows are too few to fetch a whole panel meanwhile.
constexpr size_t kNearFetch = 2048;

// Weights to fetch during a block.
struct Fetch {
  const char* from = nullptr;
  size_t step = 0;  // bytes for each of `in`: at most two cache lines
};

// kRows rows at x and y.
template <int kRows, bool kFetches>
HWY_INLINE void MultiplyBlock(const PanelProduct& product, const float* x, float* y, Fetch fetch) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  const size_t columns = product.columns;
  for (size_t step = 0; step < kPanelColumns; step += 2 * lanes) {
    // Calls visit(sum, y, count) for each vector of sums with the columns that it has in y.
    Vec sums[kRows][2];
    const auto for_each_sum = [&](const auto& visit) HWY_ATTR {
      HWY_UNROLL(12)
      for (int r = 0; r < kRows; ++r) {
        HWY_UNROLL(2)
        for (size_t half = 0; half < 2; ++half) {
          const size_t first = step + half * lanes;
          visit(sums[r][half], y + r * product.y_stride + first,
                first < columns ? std::min(lanes, columns - first) : 0);
        }
      }
    };
    if (product.adds) {
      for_each_sum([&](Vec& sum, const float* from, size_t count) HWY_ATTR {
        sum = count == lanes ? hn::LoadU(d, from) : LoadFirst(d, from, count);
      });
    } else {
      for_each_sum([&](Vec& sum, const float*, size_t) HWY_ATTR { sum = hn::Zero(d); });
    }
    const float* weights = product.panel + step;
    const size_t in = product.in;
    for (size_t i = 0; i < in; ++i, weights += kPanelColumns) {
      if constexpr (kFetches) {
        hwy::Prefetch(fetch.from);
        hwy::Prefetch(fetch.from + fetch.step / 2);
        fetch.from += fetch.step;
      }
      const auto w0 = hn::Load(d, weights), w1 = hn::Load(d, weights + lanes);
      HWY_UNROLL(12)
      for (int r = 0; r < kRows; ++r) {
        const auto factor = hn::Set(d, x[r * product.x_stride + i]);
        sums[r][0] = hn::MulAdd(factor, w0, sums[r][0]);
        sums[r][1] = hn::MulAdd(factor, w1, sums[r][1]);
      }
    }
    for_each_sum([&](const Vec& sum, float* to, size_t count) HWY_ATTR {
      if (count == lanes) {
        hn::StoreU(sum, d, to);
      } else {
        StoreFirst(sum, d, to, count);
      }
    });
  }
}

// MultiplyBlock for a number of rows that is known only now.
template <int kRows, bool kFetches>
HWY_INLINE void MultiplyRows(int rows, const PanelProduct& product, const float* x, float* y,
                             Fetch fetch) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return MultiplyRows<kRows - 1, kFetches>(rows, product, x, y, fetch);
  }
  MultiplyBlock<kRows, kFetches>(product, x, y, fetch);
}

template <bool kFetches>
HWY_INLINE void MultiplyBlocks(const PanelProduct& product) {
  // Blocks of nearly equal numbers of rows: none is left with so few that its sums wait for each
  // other.
  const int blocks = (product.rows + kMaxRows - 1) / kMaxRows;
  // A block fetches its share of the next panel; but one alone has no time for that, and fetches
  // what it will soon need itself.
  Fetch fetch = {.from = reinterpret_cast<const char*>(product.next_panel),
                 .step = kRowSize / blocks};
  if (blocks == 1) fetch.from = reinterpret_cast<const char*>(product.panel) + kNearFetch;
  int row = 0;
  for (int i = 0; i < blocks; ++i) {
    const int rows = (product.rows - row) / (blocks - i);
    MultiplyRows<kMaxRows, kFetches>(rows, product, product.x + row * product.x_stride,
                                     product.y + row * product.y_stride, fetch);
    row += rows;
    fetch.from += fetch.step * product.in;
  }
}

void MultiplyPanelForTarget(const PanelProduct& product) {
  if (product.next_panel != nullptr) return MultiplyBlocks<true>(product);
  return MultiplyBlocks<false>(product);
}

}  // namespace HWY_NAMESPACE
}  // namespace verdict
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace verdict {

HWY_EXPORT(MultiplyPanelForTarget);

void MultiplyPanel(const PanelProduct& product) {
  HWY_DYNAMIC_DISPATCH(MultiplyPanelForTarget)(product);
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
