// The matrix product of packed weights, in Highway: one source, every instruction set, chosen when
// first called.
//
// oneDNN waits for each weight that a product reads from memory. Here each product fetches the
// weights of the next one, so that a short text, which computes little with each weight, takes only
// as long as memory takes to deliver them. Sums are added up in an order that depends on the
// columns alone; that is why a row's bits do not depend on the other rows.
#ifndef VERDICT_ENGINE_KERNELS_PANELS_PANEL_PRODUCT_H_
#define VERDICT_ENGINE_KERNELS_PANELS_PANEL_PRODUCT_H_

#include <cstddef>
#include <cstdint>

#include "engine/memory/fetcher.h"
#include "engine/precision.h"

namespace verdict {

// Columns of a panel of packed weights: two of the widest vectors of this CPU.
int PanelColumns();

// In bf16 `in` is a multiple of this.
inline constexpr int kInt16Depth = 2;
// In int8 `in` is a multiple of this.
inline constexpr int kInt8Depth = 8;
// Weights of one column that lie together in int8.
inline constexpr int kInt8Together = 4;

// Some rows of y = x W^T, for the columns of some panels, and all or some of `in`.
//
// | precision | x       | W       | y              |
// | f32       | float   | float   | float          |
// | bf16      | int16_t | int16_t | int32_t, exact |
// | int8      | uint8_t | int8_t  | int32_t, exact |
//
// Strides are in elements.
struct PanelProduct {
  Precision precision = Precision::kF32;
  const void* x = nullptr;  // [rows, in] at x_stride
  size_t x_stride = 0;
  int rows = 0;
  int in = 0;
  const void* panels = nullptr;  // [columns / PanelColumns(), in, PanelColumns()] at panel_stride
  size_t panel_stride = 0;
  void* y = nullptr;  // [rows, columns] at y_stride
  size_t y_stride = 0;
  int columns = 0;    // the last panel may hold more
  bool adds = false;  // to what y holds: bit for bit what one product over more of `in` gives
  ToFetch to_fetch;   // brought to the caches meanwhile
};

void MultiplyPanels(const PanelProduct& product);

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_PANELS_PANEL_PRODUCT_H_
