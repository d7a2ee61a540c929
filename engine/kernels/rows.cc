#include "engine/kernels/rows.h"

#include <cstdint>
#include <cstring>

#include "engine/memory/fetcher.h"
#include "engine/memory/rounding.h"

namespace verdict {
namespace {

constexpr int kMultiple = 64;
static_assert(kMultiple % kInt24Together == 0);

// `quantize` fills y, of type T, and gives what its integers stand for, or their scale.
template <class T, auto quantize>
Quantization Round(const float* x, size_t size, std::byte* y) {
  auto* numbers = reinterpret_cast<T*>(y);
  using Given = decltype(quantize(x, size, numbers));
  if constexpr (std::is_void_v<Given>) {
    quantize(x, size, numbers);
    return {};
  } else if constexpr (std::is_same_v<Given, float>) {
    return {.scale = quantize(x, size, numbers)};
  } else {
    return quantize(x, size, numbers);
  }
}

}  // namespace

RowFormat Bf16Rows() {
  return {.bytes = 2,
          .multiple = kMultiple,
          .bfloat16 = true,
          .rough = true,
          .round = Round<Bf16, RoundToBf16>};
}

RowFormat Int24Rows() {
  return {.bytes = kInt24Slices,
          .multiple = kMultiple,
          .scaled = true,
          .round = Round<int8_t, QuantizeToInt24>};
}

RowFormat Int16Rows() {
  return {
      .bytes = 2, .multiple = kMultiple, .scaled = true, .round = Round<int16_t, QuantizeToInt16>};
}

RowFormat Int8Rows() {
  return {.bytes = 1,
          .multiple = kMultiple,
          .scaled = true,
          .rough = true,
          .round = Round<int8_t, QuantizeToInt8>};
}

RowFormat Uint8Rows() {
  return {.bytes = 1,
          .multiple = kMultiple,
          .scaled = true,
          .rough = true,
          .round = Round<uint8_t, QuantizeToUint8>};
}

int RowFormat::Filled(int columns) const { return RoundUp(columns, multiple); }

// A cache keeps lines that lie a power of two apart in few places, where the rows of a block would
// displace each other: where the kernel allows it, a row is an odd number of lines.
size_t RowFormat::Stride(int columns) const {
  const size_t dense = size_t{1} * Filled(columns) * bytes;
  return odd_lines ? (DivideUp(dense, kCacheLine) | 1) * kCacheLine : dense;
}

Results Results::At(int row, int column) const {
  const size_t first = row * stride + column;
  return {.floats = floats == nullptr ? nullptr : floats + first,
          .bf16s = bf16s == nullptr ? nullptr : bf16s + first,
          .stride = stride};
}

Rows::Rows(const RowFormat& format, int rows, int columns, Keeps keeps)
    : format_(format), columns_(columns), stride_(format.Stride(columns)) {
  const size_t all = rows + kMoreRows;
  if (KeepsFloats(format, keeps)) values_ = AlignedBuffer(all * columns);
  if (format.round != nullptr) rounded_ = AlignedArray<std::byte>(all * stride_);
  if (format.scaled) quantizations_.resize(all);
}

size_t Rows::Bytes(const RowFormat& format, int rows, int columns, Keeps keeps) {
  const size_t floats = KeepsFloats(format, keeps) ? columns * sizeof(float) : 0;
  const size_t rounded = format.round == nullptr ? 0 : format.Stride(columns);
  const size_t quantizations = format.scaled ? sizeof(Quantization) : 0;
  return (rows + kMoreRows) * (floats + rounded + quantizations);
}

void Rows::Round(int row) {
  if (format_.round == nullptr) return;
  const Quantization quantization = format_.round(this->row(row), columns_, rounded_row(row));
  if (format_.scaled) quantizations_[row] = quantization;
}

void Rows::RoundColumns(int row, int first, int columns) {
  if (format_.round == nullptr || format_.scaled) return;
  format_.round(this->row(row) + first, columns,
                rounded_row(row) + static_cast<size_t>(first) * format_.bytes);
}

void Rows::Copy(int from, int to) {
  std::memmove(row(to), row(from), columns_ * sizeof(float));
  if (format_.round != nullptr) std::memmove(rounded_row(to), rounded_row(from), stride_);
  if (format_.scaled) quantizations_[to] = quantizations_[from];
}

RowsView Rows::Rounded(int rows) const {
  if (format_.round == nullptr) return Floats(rows);
  return {.data = rounded_.data(),
          .stride = stride_,
          .quantizations = format_.scaled ? quantizations_.data() : nullptr,
          .rows = rows};
}

RowsView Rows::Floats(int rows) const {
  return {.data = reinterpret_cast<const std::byte*>(values_.data()),
          .stride = columns_ * sizeof(float),
          .rows = rows};
}

Results Rows::AsResults() {
  if (format_.bfloat16) {
    return {.bf16s = reinterpret_cast<Bf16*>(rounded_.data()), .stride = stride_ / sizeof(Bf16)};
  }
  return {.floats = values_.data(), .stride = static_cast<size_t>(columns_)};
}

}  // namespace verdict
