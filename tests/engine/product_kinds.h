// Every kind of matrix products, for tests of what must hold in all of them.
#ifndef VERDICT_TESTS_ENGINE_PRODUCT_KINDS_H_
#define VERDICT_TESTS_ENGINE_PRODUCT_KINDS_H_

#include <array>
#include <string>

#include "engine/onednn.h"
#include "engine/product_kind.h"

namespace verdict {

inline constexpr std::array kProductKinds = {
    ProductKind{.precision = Precision::kF32, .panels = true},
    ProductKind{.precision = Precision::kBf16, .panels = true},
    ProductKind{.precision = Precision::kBf16, .panels = false},
    ProductKind{.precision = Precision::kInt8, .panels = true},
    ProductKind{.precision = Precision::kInt8, .panels = false}};

// E.g. "int8Panels".
inline std::string ProductKindName(ProductKind kind) {
  return std::string(PrecisionName(kind.precision)) + (kind.panels ? "Panels" : "OneDnn");
}

// Whether this CPU computes products of that kind.
inline bool Runs(ProductKind kind) { return kind.panels || HasFastKernels(kind.precision); }

}  // namespace verdict

#endif  // VERDICT_TESTS_ENGINE_PRODUCT_KINDS_H_
