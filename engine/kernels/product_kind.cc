#include "engine/kernels/product_kind.h"

namespace verdict {

size_t ElementSize(InputType type) {
  switch (type) {
    case InputType::kF32:
      return 4;
    case InputType::kInt24:
      return 3;
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
      return kernels == Kernels::kTiles ? InputType::kInt24 : InputType::kF32;
    case Precision::kBf16:
      return kernels == Kernels::kPanels ? InputType::kInt16 : InputType::kBf16;
    case Precision::kInt8:
      return kernels == Kernels::kOneDnn ? InputType::kInt8 : InputType::kUint8;
  }
  return InputType::kF32;
}

}  // namespace verdict
