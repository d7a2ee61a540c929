// Weights as panel_product.h multiplies them, packed once.
#ifndef VERDICT_ENGINE_KERNELS_PANELS_PANEL_PACKING_H_
#define VERDICT_ENGINE_KERNELS_PANELS_PANEL_PACKING_H_

#include <cstddef>
#include <cstdint>

#include "engine/precision.h"

namespace verdict {

// Bytes of a panel of packed weights.
size_t PanelSize(Precision precision, int in);

// Rounds a column's weights [in], as panels take them; returns the scale. A NaN among the weights
// makes the scale NaN.
//
// In bf16: to 16 bits, with the smallest scale with which a sum of products fits in 32, whatever x
// of QuantizeToInt16 is: 768 normally distributed weights become up to 3,400 large, 3,072 up to
// 850.
float QuantizeForPanel(const float* weights, int in, int16_t* rounded);
// In int8: to bytes, with the smallest scale with which no four products that are added up in 16
// bits can overflow them, whatever x is: for normally distributed weights 1.6 times that of
// QuantizeToInt8.
float QuantizeForPanel(const float* weights, int in, int8_t* rounded);

// Packs `columns` rows, at most PanelColumns(), of weights [out, in] as [in / n, PanelColumns(),
// n], where n is 1, in bf16 kInt16Depth and in int8 kInt8Together; filled up with zeros. `weights`
// are float32, or what QuantizeForPanel rounded them to.
void PackPanel(Precision precision, const void* weights, int in, int columns, void* panel);

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_PANELS_PANEL_PACKING_H_
