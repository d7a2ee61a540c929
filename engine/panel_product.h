// The matrix product in float32, in Highway: one source, every instruction set,
// chosen when first called.
//
// oneDNN reads a weight from memory in the middle of a product that cannot go on without it. Here
// each product fetches the weights of the next one, so that a short text, for which there is little
// to compute with each weight, takes as long as memory takes to deliver them. And an order of
// adding that depends on nothing but the columns is the reason why a row's bits do not depend on
// the rows with it.
#ifndef VERDICT_ENGINE_PANEL_PRODUCT_H_
#define VERDICT_ENGINE_PANEL_PRODUCT_H_

#include <cstddef>

namespace verdict {

// Columns of a panel of packed weights: two of the widest vectors.
inline constexpr int kPanelColumns = 32;

// Packs `columns` rows, at most kPanelColumns, of weights [out, in] as [in, kPanelColumns], filled
// up with zeros.
void PackPanel(const float* weights, int in, int columns, float* panel);

// Memory that will be wanted soon.
struct ToFetch {
  const void* begin = nullptr;
  size_t size = 0;          // bytes
  bool first_rows = false;  // while the first rows are computed, rather than evenly
};

// Some rows of y = x W^T, for the columns of one panel or of two, and all or some of `in`.
struct PanelProduct {
  const float* x = nullptr;  // [rows, in] at x_stride
  size_t x_stride = 0;
  int rows = 0;
  int in = 0;
  const float* panels = nullptr;  // [1 or 2, in, kPanelColumns] at panel_stride
  size_t panel_stride = 0;
  float* y = nullptr;  // [rows, columns] at y_stride
  size_t y_stride = 0;
  int columns = 0;    // up to 2 kPanelColumns: they say how many panels there are
  bool adds = false;  // to what y holds: bit for bit what one product over more of `in` gives
  ToFetch to_fetch;   // brought to the caches meanwhile
};

void MultiplyPanels(const PanelProduct& product);

}  // namespace verdict

#endif  // VERDICT_ENGINE_PANEL_PRODUCT_H_
