// Every kind of matrix products, for tests of what must hold in all of them.
#ifndef VERDICT_TESTS_ENGINE_PRODUCT_KINDS_H_
#define VERDICT_TESTS_ENGINE_PRODUCT_KINDS_H_

#include <array>
#include <string>

#include "engine/kernels/onednn/onednn.h"
#include "engine/kernels/product_kind.h"
#include "engine/kernels/tiles/tile_product.h"

namespace verdict {

inline constexpr std::array kProductKinds = {ProductKind{Precision::kF32, Kernels::kPanels},
                                             ProductKind{Precision::kF32, Kernels::kTiles},
                                             ProductKind{Precision::kBf16, Kernels::kPanels},
                                             ProductKind{Precision::kBf16, Kernels::kOneDnn},
                                             ProductKind{Precision::kBf16, Kernels::kTiles},
                                             ProductKind{Precision::kInt8, Kernels::kPanels},
                                             ProductKind{Precision::kInt8, Kernels::kTiles},
                                             ProductKind{Precision::kInt8, Kernels::kOneDnn}};

// E.g. "int8Panels".
inline std::string ProductKindName(ProductKind kind) {
  std::string name(PrecisionName(kind.precision));
  switch (kind.kernels) {
    case Kernels::kPanels:
      return name + "Panels";
    case Kernels::kTiles:
      return name + "Tiles";
    case Kernels::kOneDnn:
      return name + "OneDnn";
  }
  return name;
}

// Whether this CPU computes products of that kind.
inline bool Runs(ProductKind kind) {
  switch (kind.kernels) {
    case Kernels::kPanels:
      return true;
    case Kernels::kTiles:
      return HasTiles();
    case Kernels::kOneDnn:
      return HasFastKernels(kind.precision);
  }
  return false;
}

}  // namespace verdict

#endif  // VERDICT_TESTS_ENGINE_PRODUCT_KINDS_H_
