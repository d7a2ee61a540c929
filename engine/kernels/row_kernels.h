// The passes over rows between the matrix products, in Highway: one source, every instruction set,
// chosen when first called. A row's result is a function of that row alone.
#ifndef VERDICT_ENGINE_KERNELS_ROW_KERNELS_H_
#define VERDICT_ENGINE_KERNELS_ROW_KERNELS_H_

#include <cstddef>
#include <cstdint>

#include "engine/kernels/quantization.h"
#include "engine/kernels/rows.h"

namespace verdict {

// What follows a product x W^T.
enum class Epilogue {
  kBias,      // y = p + bias
  kBiasGelu,  // y = gelu(p + bias), with erf (Hendrycks & Gimpel 2016), not its tanh approximation
  kBiasRoughGelu,  // the same off by 2e-4 at most: for what is rounded to bfloat16 or bytes
  kBiasGelu10,     // y = min(gelu(p + bias), 10)
  kBiasGeluTanh,   // GELU's approximation by tanh; z = p + bias:
                   // y = z (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3))) / 2
  kBiasQuickGelu,  // y = z sigmoid(1.702 z)
  kBiasSilu,       // y = z sigmoid(z)
  kBiasRelu,       // y = max(p + bias, 0)
  kBiasTanh,       // y = tanh(p + bias)
};

// A product tile and where its result goes; that may be the same place.
struct EpilogueTile {
  // [rows, product_stride], of which `columns` are used. Float32; or, where `x` is quantized,
  // int32: then p = (product - x's zero point * column_sum) * x's scale * column_scale. Of four
  // parts, that product is 256 (256 (256 (256 part[0] + part[1]) + part[2]) + part[3]).
  const void* product = nullptr;
  size_t product_stride = 0;
  int parts = 1;                         // or 4
  size_t part_stride = 0;                // from one part of the product to the next
  const Quantization* x = nullptr;       // [rows]
  const float* column_scales = nullptr;  // [columns]
  const float* column_sums = nullptr;    // [columns]; null where no row has a zero point
  const float* bias = nullptr;           // [columns]
  Results y;                             // [rows, columns]
  int rows = 0;
  int columns = 0;
};

void ApplyEpilogue(Epilogue epilogue, const EpilogueTile& tile);

// A LayerNorm (Ba et al. 2016).
struct LayerNormWeights {
  const float* gain = nullptr;  // [dim]
  const float* bias = nullptr;  // [dim]
  float epsilon = 1e-12f;       // added to the variance; BERT's default
};

// y = LayerNorm(a + b), all [dim]. `y` may be `a` or `b`.
void AddLayerNorm(const float* a, const float* b, const LayerNormWeights& weights, int dim,
                  float* y);

// Highway's name of the instruction set in use, e.g. "AVX2".
const char* HighwayTarget();

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_ROW_KERNELS_H_
