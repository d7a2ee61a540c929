// Rows of activations that a product will take.
#ifndef VERDICT_ENGINE_LAYERS_PRODUCT_INPUT_H_
#define VERDICT_ENGINE_LAYERS_PRODUCT_INPUT_H_

#include <cstddef>
#include <vector>

#include "engine/kernels/product_kind.h"
#include "engine/kernels/quantization.h"
#include "engine/memory/aligned_buffer.h"

namespace verdict {

// In float32, and beside that as the products take them; where that is float32, the two are one.
//
// Different rows may be written by different threads.
class ProductInput {
 public:
  ProductInput() = default;
  // All [rows, columns] are zero.
  ProductInput(ProductKind kind, int rows, int columns);

  // Elements of a rounded row: but in float32 it is filled up with zeros, as the instructions take
  // several at once.
  static int RoundedColumns(InputType type, int columns);

  InputType type() const { return type_; }

  float* row(int row) { return values_.data() + static_cast<size_t>(row) * columns_; }

  // Rounds what is in `row`. In float32 there is nothing to do.
  void Round(int row);

  // Rounds only `columns` of it, beginning with `first`; not where there is a scale, which is the
  // whole row's.
  void RoundColumns(int row, int first, int columns);

  // Makes row `to` equal to row `from`.
  void Copy(int from, int to);

  // [rows, RoundedColumns] of the type, at rounded_stride.
  const void* rounded() const;
  // The same, for those who round themselves; in float32 and bf16.
  void* rounded() { return const_cast<void*>(static_cast<const ProductInput*>(this)->rounded()); }
  // Bytes from one rounded row to the next.
  size_t rounded_stride() const { return rounded_stride_; }
  // [rows]: what a row's integers stand for; null where they are none.
  const Quantization* quantizations() const {
    return quantizations_.empty() ? nullptr : quantizations_.data();
  }

 private:
  std::byte* rounded_row(int row) { return rounded_.data() + row * rounded_stride_; }

  InputType type_ = InputType::kF32;
  int columns_ = 0;
  size_t rounded_stride_ = 0;
  AlignedBuffer values_;  // [rows, columns]
  AlignedArray<std::byte> rounded_;
  std::vector<Quantization> quantizations_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_LAYERS_PRODUCT_INPUT_H_
