#include "engine/product_kind.h"

#include "engine/onednn.h"

namespace verdict {

size_t ElementSize(InputType type) {
  switch (type) {
    case InputType::kF32:
      return 4;
    case InputType::kBf16:
    case InputType::kInt16:
      return 2;
    case InputType::kInt8:
    case InputType::kUint8:
      return 1;
  }
  return 0;
}

bool HasScale(InputType type) { return type != InputType::kF32 && type != InputType::kBf16; }

InputType ProductKind::input() const {
  switch (precision) {
    case Precision::kF32:
      return InputType::kF32;
    case Precision::kBf16:
      return panels ? InputType::kInt16 : InputType::kBf16;
    case Precision::kInt8:
      return panels ? InputType::kUint8 : InputType::kInt8;
  }
  return InputType::kF32;
}

ProductKind FastestProducts(Precision precision) {
  return {.precision = precision, .panels = !HasFastKernels(precision)};
}

}  // namespace verdict
