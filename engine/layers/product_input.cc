#include "engine/layers/product_input.h"

#include <cstdint>
#include <cstring>

#include "engine/memory/fetcher.h"
#include "engine/memory/rounding.h"

namespace verdict {
namespace {

// Elements of the narrower types that one register row of AMX holds, and a multiple of what any
// other kernel takes.
constexpr int kColumnMultiple = 64;

// Bytes. A cache keeps lines that lie a power of two apart in few places, where the rows of a block
// would displace each other: where the kernel allows it, a row is an odd number of lines.
size_t RoundedStride(ProductKind kind, int columns) {
  const size_t dense =
      ProductInput::RoundedColumns(kind.input(), columns) * ElementSize(kind.input());
  if (kind.kernels != Kernels::kTiles) return dense;
  return (DivideUp(dense, kCacheLine) | 1) * kCacheLine;
}

}  // namespace

int ProductInput::RoundedColumns(InputType type, int columns) {
  if (type == InputType::kF32) return columns;
  return RoundUp(columns, kColumnMultiple);
}

ProductInput::ProductInput(ProductKind kind, int rows, int columns)
    : type_(kind.input()),
      columns_(columns),
      rounded_stride_(RoundedStride(kind, columns)),
      values_(static_cast<size_t>(rows) * columns) {
  if (type_ != InputType::kF32) rounded_ = AlignedArray<std::byte>(rows * rounded_stride_);
  if (HasScale(type_)) quantizations_.resize(rows);
}

void ProductInput::Round(int row) {
  const float* values = this->row(row);
  std::byte* rounded = rounded_row(row);
  switch (type_) {
    case InputType::kF32:
      return;
    case InputType::kBf16:
      return RoundColumns(row, 0, columns_);
    case InputType::kInt24:
      quantizations_[row].scale =
          QuantizeToInt24(values, columns_, reinterpret_cast<int8_t*>(rounded));
      return;
    case InputType::kInt16:
      quantizations_[row].scale =
          QuantizeToInt16(values, columns_, reinterpret_cast<int16_t*>(rounded));
      return;
    case InputType::kInt8:
      quantizations_[row].scale =
          QuantizeToInt8(values, columns_, reinterpret_cast<int8_t*>(rounded));
      return;
    case InputType::kUint8:
      quantizations_[row] = QuantizeToUint8(values, columns_, reinterpret_cast<uint8_t*>(rounded));
      return;
  }
}

void ProductInput::RoundColumns(int row, int first, int columns) {
  if (type_ != InputType::kBf16) return;
  RoundToBf16(this->row(row) + first, columns, reinterpret_cast<Bf16*>(rounded_row(row)) + first);
}

void ProductInput::Copy(int from, int to) {
  std::memmove(row(to), row(from), columns_ * sizeof(float));
  if (type_ != InputType::kF32) {
    std::memmove(rounded_row(to), rounded_row(from), rounded_stride_);
  }
  if (HasScale(type_)) quantizations_[to] = quantizations_[from];
}

const void* ProductInput::rounded() const {
  if (type_ == InputType::kF32) return values_.data();
  return rounded_.data();
}

}  // namespace verdict
