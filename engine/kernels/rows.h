// Rows of numbers as matrix products and attention read them.
#ifndef VERDICT_ENGINE_KERNELS_ROWS_H_
#define VERDICT_ENGINE_KERNELS_ROWS_H_

#include <cstddef>
#include <vector>

#include "engine/kernels/quantization.h"
#include "engine/memory/aligned_buffer.h"

namespace verdict {

// How rows are kept. The defaults: in float32, one after another.
struct RowFormat {
  int bytes = 4;           // of a number
  int multiple = 1;        // a row is filled up with zeros to a multiple of so many numbers
  bool scaled = false;     // integers; the scale is a row's, so the row is rounded as a whole
  bool bfloat16 = false;   // a product's epilogue rounds to it by itself
  bool rough = false;      // so coarse that an error of 2e-4 in a number does not count
  bool odd_lines = false;  // rows begin an odd number of cache lines apart
  // Rounds x [size]. Null: x stays float32.
  Quantization (*round)(const float* x, size_t size, std::byte* y) = nullptr;

  // Numbers of a row of `columns`, filled up.
  int Filled(int columns) const;
  // Bytes from one row to the next.
  size_t Stride(int columns) const;
};

// Rows of all these formats are padded to what one AMX tile row holds, a multiple of what any other
// kernel needs.
RowFormat Bf16Rows();
RowFormat Int24Rows();  // see QuantizeToInt24
RowFormat Int16Rows();
RowFormat Int8Rows();
RowFormat Uint8Rows();

// Rows that a kernel reads.
struct RowsView {
  const std::byte* data = nullptr;              // [rows, filled columns] at `stride`
  size_t stride = 0;                            // bytes
  const Quantization* quantizations = nullptr;  // [rows], where the format is scaled
  int rows = 0;

  const std::byte* row(int row) const { return data + row * stride; }
};

// Where a product's results go, in one of two types; the other is null.
struct Results {
  float* floats = nullptr;  // [rows, columns] at `stride`
  Bf16* bf16s = nullptr;
  size_t stride = 0;  // numbers

  // Those from this row and column on.
  Results At(int row, int column) const;
};

// A matrix in float32, and the same matrix rounded as its format says. If the format is float32,
// the two are one.
//
// Different rows may be written by different threads.
class Rows {
 public:
  // So many rows follow the last one in memory. Kernels that read rows in blocks read them too, and
  // ignore the results.
  static constexpr int kMoreRows = 64;

  // kRounded keeps no float32 copy of rows in bfloat16. It is for rows that are written by products
  // only and never read in float32.
  enum class Keeps { kBoth, kRounded };

  Rows() = default;
  // All [rows, columns] are zero.
  Rows(const RowFormat& format, int rows, int columns, Keeps keeps = Keeps::kBoth);

  // Bytes of such a matrix.
  static size_t Bytes(const RowFormat& format, int rows, int columns, Keeps keeps = Keeps::kBoth);

  // In float32.
  float* row(int row) { return values_.data() + static_cast<size_t>(row) * columns_; }

  // Whether a row can be rounded only when all of it is there.
  bool rounds_whole_rows() const { return format_.scaled; }

  // Rounds what is in `row`. In float32 there is nothing to do.
  void Round(int row);

  // Rounds `columns` of it, beginning with `first`; not where whole rows are rounded.
  void RoundColumns(int row, int first, int columns);

  // Makes row `to` equal to row `from`.
  void Copy(int from, int to);

  // The first `rows`, rounded; and in float32.
  RowsView Rounded(int rows) const;
  RowsView Floats(int rows) const;

  // Where a product writes its results. If whole rows are rounded, the caller still has to Round
  // them.
  Results AsResults();

 private:
  static bool KeepsFloats(const RowFormat& format, Keeps keeps) {
    return keeps == Keeps::kBoth || !format.bfloat16;
  }
  std::byte* rounded_row(int row) { return rounded_.data() + row * stride_; }

  RowFormat format_;
  int columns_ = 0;
  size_t stride_ = 0;     // bytes, of rounded rows
  AlignedBuffer values_;  // [rows, columns]
  AlignedArray<std::byte> rounded_;
  std::vector<Quantization> quantizations_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_ROWS_H_
