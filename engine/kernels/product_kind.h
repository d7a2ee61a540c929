// Which kernels compute a model's matrix products, and what they read.
#ifndef VERDICT_ENGINE_KERNELS_PRODUCT_KIND_H_
#define VERDICT_ENGINE_KERNELS_PRODUCT_KIND_H_

#include <cstddef>

#include "engine/precision.h"

namespace verdict {

// The most columns of x and W: with these, 32 bits hold the sum of any integers' products.
inline constexpr int kMaxIn = 43'690;

// What a product's rows are kept as.
enum class InputType {
  kF32,
  kBf16,
  kInt24,  // three slices: see QuantizeToInt24
  kInt16,
  kInt8,
  kUint8,
};

// Bytes of one number.
size_t ElementSize(InputType type);

// Whether the numbers are quantized: multiples of a scale, in uint8 from a zero point.
bool HasScale(InputType type);

// Whose kernels.
enum class Kernels {
  kPanels,  // ours, of panel_product.h: on every CPU
  kTiles,   // ours, of tile_product.h: with AMX
  kOneDnn,  // of onednn.h: in bf16 and int8
};

struct ProductKind {
  Precision precision = Precision::kF32;
  Kernels kernels = Kernels::kPanels;

  // Not always of the precision's name. Panels have no bf16: in its place they take 16-bit
  // integers, which are about as exact. Tiles have no float32, and take 24-bit integers.
  InputType input() const;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_PRODUCT_KIND_H_
