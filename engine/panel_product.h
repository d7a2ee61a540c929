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

// Some rows of y = x W^T, for the columns of one panel. A long sum may be computed in parts, one
// after another: the result is the same.
struct PanelProduct {
  const float* x = nullptr;  // [rows, in] at x_stride
  size_t x_stride = 0;
  int rows = 0;
  int in = 0;
  const float* panel = nullptr;       // [in, kPanelColumns], as PackPanel packs
  const float* next_panel = nullptr;  // fetched meanwhile, or null
  float* y = nullptr;                 // [rows, columns] at y_stride
  size_t y_stride = 0;
  int columns = 0;
  bool adds = false;  // to what is in y: the sum so far
};

void MultiplyPanel(const PanelProduct& product);

}  // namespace verdict

#endif  // VERDICT_ENGINE_PANEL_PRODUCT_H_
