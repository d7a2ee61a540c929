// The passes over rows between the matrix products, in Highway: one source, every instruction set,
// chosen when first called. A row's result is a function of that row alone.
#ifndef VERDICT_ENGINE_ROW_KERNELS_H_
#define VERDICT_ENGINE_ROW_KERNELS_H_

#include <cstddef>
#include <cstdint>

namespace verdict {

// What follows a product x W^T.
enum class Epilogue {
  kBias,      // y = p + bias
  kBiasGelu,  // y = gelu(p + bias), with erf (Hendrycks & Gimpel 2016), not its tanh approximation
  kBiasRelu,  // y = max(p + bias, 0)
};

// The bits of a bfloat16: the upper half of a float32's.
using Bf16 = uint16_t;

// How integers stand for numbers: a number is scale * (integer - zero_point).
struct Quantization {
  float scale = 0;
  int32_t zero_point = 0;
};

// A product tile and where its result goes; that may be the same place.
struct EpilogueTile {
  // [rows, product_stride], of which `columns` are used. Float32; or, where `x` is quantized,
  // int32: then p = (product - x's zero point * column_sum) * x's scale * column_scale.
  const void* product = nullptr;
  size_t product_stride = 0;
  const Quantization* x = nullptr;       // [rows]
  const float* column_scales = nullptr;  // [columns]
  const int32_t* column_sums = nullptr;  // [columns]; null where no row has a zero point
  const float* bias = nullptr;           // [columns]
  // [rows, columns] at y_stride, in one of two types; the other is null.
  float* y = nullptr;
  Bf16* y_bf16 = nullptr;
  size_t y_stride = 0;
  int rows = 0;
  int columns = 0;
};

void ApplyEpilogue(Epilogue epilogue, const EpilogueTile& tile);

// Gain and bias of a LayerNorm (Ba et al. 2016).
struct LayerNormWeights {
  const float* gain = nullptr;  // [dim]
  const float* bias = nullptr;  // [dim]
};

// y = LayerNorm(a + b), all [dim]. `y` may be `a` or `b`.
void AddLayerNorm(const float* a, const float* b, const LayerNormWeights& weights, int dim,
                  float* y);

// y = x [size], each rounded to the nearest, ties to even.
void RoundToBf16(const float* x, size_t size, Bf16* y);

// The largest integer that QuantizeToInt16 makes. The fewer bits a row has, the more are left for
// the weights that it is multiplied with (QuantizeForPanel): these err about alike.
inline constexpr int kLargestInt16 = 4095;

// y = round(x / scale) [size] with the smallest scale that keeps all within -kLargestInt16 to
// kLargestInt16; returns it. A number that is none makes the scale one too.
float QuantizeToInt16(const float* x, size_t size, int16_t* y);

// y = round(x / scale) [size], for a scale that keeps all within -32767 to 32767. If that is none,
// y may be anything.
void RoundToInt16(const float* x, size_t size, float scale, int16_t* y);

// y = round(x / scale) [size] with the smallest scale that keeps all within -127 to 127; returns
// it. A number that is none makes the scale one too, so that it is not lost.
float QuantizeToInt8(const float* x, size_t size, int8_t* y);

// y = round(x / scale) [size], for a scale that keeps all within -127 to 127. If that is none, y
// may be anything.
void RoundToInt8(const float* x, size_t size, float scale, int8_t* y);

// y = round(x / scale) + zero_point [size], with a scale and a zero point that take the smallest
// number of x to 0 and the largest to 255, and zero to an integer. A number that is none makes the
// scale one too.
Quantization QuantizeToUint8(const float* x, size_t size, uint8_t* y);

// Highway's name of the instruction set in use, e.g. "AVX2".
const char* HighwayTarget();

}  // namespace verdict

#endif  // VERDICT_ENGINE_ROW_KERNELS_H_
