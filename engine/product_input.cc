#include "engine/product_input.h"

#include <cstdint>
#include <cstring>

#include "engine/rounding.h"
#include "engine/row_kernels.h"

namespace verdict {
namespace {

// Elements of the narrower types that one register row of AMX holds, and a multiple of what any
// other kernel takes.
constexpr int kColumnMultiple = 64;

size_t ElementSize(Precision precision) {
  switch (precision) {
    case Precision::kF32:
      return sizeof(float);
    case Precision::kBf16:
      return sizeof(Bf16);
    case Precision::kInt8:
      return sizeof(int8_t);
  }
  return 0;
}

}  // namespace

int ProductInput::RoundedColumns(Precision precision, int columns) {
  if (precision == Precision::kF32) return columns;
  return RoundUp(columns, kColumnMultiple);
}

ProductInput::ProductInput(Precision precision, int rows, int columns)
    : precision_(precision),
      columns_(columns),
      rounded_stride_(RoundedColumns(precision, columns) * ElementSize(precision)),
      values_(static_cast<size_t>(rows) * columns) {
  if (precision != Precision::kF32) rounded_ = AlignedArray<std::byte>(rows * rounded_stride_);
  if (precision == Precision::kInt8) scales_.resize(rows);
}

void ProductInput::Round(int row) {
  if (precision_ == Precision::kInt8) {
    scales_[row] =
        QuantizeToInt8(this->row(row), columns_, reinterpret_cast<int8_t*>(rounded_row(row)));
  } else {
    RoundColumns(row, 0, columns_);
  }
}

void ProductInput::RoundColumns(int row, int first, int columns) {
  if (precision_ != Precision::kBf16) return;
  RoundToBf16(this->row(row) + first, columns, reinterpret_cast<Bf16*>(rounded_row(row)) + first);
}

void ProductInput::Copy(int from, int to) {
  std::memmove(row(to), row(from), columns_ * sizeof(float));
  if (precision_ != Precision::kF32) {
    std::memmove(rounded_row(to), rounded_row(from), rounded_stride_);
  }
  if (precision_ == Precision::kInt8) scales_[to] = scales_[from];
}

const void* ProductInput::rounded() const {
  if (precision_ == Precision::kF32) return values_.data();
  return rounded_.data();
}

}  // namespace verdict
