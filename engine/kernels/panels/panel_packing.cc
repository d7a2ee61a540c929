#include "engine/kernels/panels/panel_packing.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/kernels/panels/panel_product.h"
#include "engine/kernels/quantization.h"

namespace verdict {
namespace {

// Writes weights [columns, in] to a panel [in / together, width, together]; the others are zero.
template <class T>
void Arrange(const void* weights, int in, int columns, int together, void* panel) {
  const int width = PanelColumns();
  auto* to = static_cast<T*>(panel);
  std::fill_n(to, static_cast<size_t>(in) * width, T{});
  for (int column = 0; column < columns; ++column) {
    const T* row = static_cast<const T*>(weights) + static_cast<size_t>(column) * in;
    for (int i = 0; i < in; ++i) {
      to[(i / together * width + column) * together + i % together] = row[i];
    }
  }
}

}  // namespace

size_t PanelSize(Precision precision, int in) {
  return static_cast<size_t>(PanelColumns()) * in * ElementSize(precision);
}

float QuantizeForPanel(const float* weights, int in, int8_t* rounded) {
  // The largest x is 255, and 255 x 128 fits; by rounding a sum of four grows by two at most.
  constexpr float kLargestSum = 126;
  const float int8_scale = QuantizeToInt8(weights, in, rounded);
  if (std::isnan(int8_scale)) return int8_scale;
  float largest_sum = 0;
  for (int first = 0; first < in; first += kInt8Depth) {
    for (int pair : {0, 2}) {
      const float* low = weights + first + pair;
      const float* high = low + kInt8Together;
      float positive = 0, negative = 0;
      for (float weight : {low[0], low[1], high[0], high[1]}) {
        (weight > 0 ? positive : negative) += weight;
      }
      largest_sum = std::max({largest_sum, positive, -negative});
    }
  }
  const float scale = std::max(int8_scale, largest_sum / kLargestSum);
  RoundToInt8(weights, in, scale, rounded);
  return scale;
}

float QuantizeForPanel(const float* weights, int in, int16_t* rounded) {
  // By rounding, each grows by a half at most, and all by less than one as the scale is rounded
  // too.
  const double largest_sum =
      double{std::numeric_limits<int32_t>::max()} / kLargestInt16 - in / 2.0 - 1;
  double sum = 0;
  float largest = 0;
  for (int i = 0; i < in; ++i) {
    sum += std::abs(weights[i]);
    largest = std::max(largest, std::abs(weights[i]));
  }
  if (!std::isfinite(sum)) return std::numeric_limits<float>::quiet_NaN();
  const auto scale = static_cast<float>(
      std::max(double{largest} / std::numeric_limits<int16_t>::max(), sum / largest_sum));
  RoundToInt16(weights, in, scale, rounded);
  return scale;
}

void PackPanel(Precision precision, const void* weights, int in, int columns, void* panel) {
  switch (precision) {
    case Precision::kF32:
      return Arrange<float>(weights, in, columns, 1, panel);
    case Precision::kBf16:
      return Arrange<int16_t>(weights, in, columns, kInt16Depth, panel);
    case Precision::kInt8:
      return Arrange<int8_t>(weights, in, columns, kInt8Together, panel);
  }
}

}  // namespace verdict
