// Which kernels compute a model's matrix products, and what they read.
#ifndef VERDICT_ENGINE_PRODUCT_KIND_H_
#define VERDICT_ENGINE_PRODUCT_KIND_H_

#include <cstddef>

#include "engine/precision.h"

namespace verdict {

// What a product's rows are kept as.
enum class InputType {
  kF32,
  kBf16,
  kInt16,
  kInt8,
  kUint8,
};

// Bytes of one number.
size_t ElementSize(InputType type);

// Whether the numbers are quantized: multiples of a scale, in uint8 from a zero point.
bool HasScale(InputType type);

struct ProductKind {
  Precision precision = Precision::kF32;
  bool panels = true;  // our own kernels, of panel_product.h; else oneDNN's, of onednn.h

  // Panels have no bf16: in its place they take 16-bit integers, which are about as exact.
  InputType input() const;
};

// The fastest products in `precision` on this CPU: oneDNN's where HasFastKernels.
ProductKind FastestProducts(Precision precision);

}  // namespace verdict

#endif  // VERDICT_ENGINE_PRODUCT_KIND_H_
