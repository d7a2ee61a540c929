#include "engine/kernels/oracle.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numeric>
#include <vector>

#include "absl/strings/str_format.h"
#include "engine/kernels/onednn/onednn.h"
#include "engine/memory/aligned_buffer.h"

namespace verdict {
namespace {

// One text of one word, a block that no vector's width divides, and a whole block.
constexpr std::array kRows = {1, 7, 64};
constexpr int kAllRows = std::accumulate(kRows.begin(), kRows.end(), 0);

// A number may be off by this share of the largest of its row or column.
double RoundingOf(Precision precision) {
  switch (precision) {
    case Precision::kF32:
      return 1.0 / (1 << 18);  // of 24 bits, and what sums round off
    case Precision::kBf16:
      return 1.0 / 256;
    case Precision::kInt8:
      return 1.0 / 127;  // on average a third of a step, of steps that may be four times as wide
  }
  return 0;
}
// Errors of single numbers add up like the steps of a random walk; a sum of thousands is never this
// many times its mean.
constexpr double kMostDeviations = 6;

struct Size {
  double largest = 0;
  double root_mean_square = 0;
};

Size SizeOf(const float* numbers, int count) {
  float largest = 0, squares = 0;
  for (int i = 0; i < count; ++i) {
    largest = std::max(largest, std::abs(numbers[i]));
    squares += numbers[i] * numbers[i];
  }
  return {largest, std::sqrt(squares / static_cast<float>(count))};
}

// From -1 to 1, with few numbers that are large, as activations are.
void FillRandom(AlignedBuffer& numbers) {
  uint64_t state = 1;
  for (size_t i = 0; i < numbers.size(); ++i) {
    state = state * 6364136223846793005 + 1442695040888963407;
    const auto number = static_cast<float>(static_cast<int32_t>(state >> 32)) / 2147483648.0f;
    numbers.data()[i] = number * number * number;
  }
}

// y [rows, out] of the first `rows` of x [.., in] as a pass computes it, on one thread.
void Multiply(const ProductBackend& backend, const PackedWeights& packed, const float* x, int rows,
              int in, int out, float* y) {
  Rows rounded(backend.rows(), rows, in);
  for (int row = 0; row < rows; ++row) {
    std::copy_n(x + size_t{1} * row * in, in, rounded.row(row));
    rounded.Round(row);
  }
  const std::unique_ptr<Workspace> workspace = backend.MakeWorkspace();
  const std::vector<float> bias(out);
  const Results results = {.floats = y, .stride = static_cast<size_t>(out)};
  const Cut cut = packed.CutFor(rows, /*threads=*/1);
  for (int i = 0; i < cut.pieces(); ++i) {
    const Piece piece = cut.PieceOf(i);
    const int first_column = piece.first_panel * packed.panel_columns();
    EpilogueTile tile = {
        .bias = bias.data(),
        .y = results.At(piece.first_row, first_column),
        .rows = piece.rows,
        .columns = std::min(piece.panels * packed.panel_columns(), out - first_column)};
    packed.Multiply(rounded.Rounded(rows), piece, /*next=*/{}, *workspace, tile);
    ApplyEpilogue(Epilogue::kBias, tile);
  }
}

}  // namespace

absl::Status Oracle::Check(const ProductBackend& backend, const PackedWeights& packed,
                           absl::Span<const float> weights, int in, int out) {
  if (!checked_.insert({&backend, in, out}).second) return absl::OkStatus();
  const auto start = std::chrono::steady_clock::now();
  AlignedBuffer x(size_t{kAllRows} * in);
  FillRandom(x);
  AlignedBuffer expected(size_t{kAllRows} * out), y(expected.size());
  if (absl::Status status =
          MultiplyPlainly(kAllRows, in, out, x.data(), weights.data(), expected.data());
      !status.ok()) {
    return status;
  }
  int first = 0;
  for (const int rows : kRows) {
    Multiply(backend, packed, x.data() + size_t{1} * first * in, rows, in, out,
             y.data() + size_t{1} * first * out);
    first += rows;
  }

  std::vector<Size> columns;
  for (int column = 0; column < out; ++column) {
    columns.push_back(SizeOf(&weights[size_t{1} * column * in], in));
  }
  const double most = kMostDeviations * RoundingOf(backend.precision()) * std::sqrt(in);
  absl::Status status;
  for (int row = 0; row < kAllRows && status.ok(); ++row) {
    const Size size = SizeOf(x.data() + size_t{1} * row * in, in);
    for (int column = 0; column < out; ++column) {
      const size_t i = size_t{1} * row * out + column;
      // Weights that overflow do so whoever multiplies; the model's first run refuses them by name.
      if (!std::isfinite(expected.data()[i])) continue;
      const double bound = most * (columns[column].largest * size.root_mean_square +
                                   columns[column].root_mean_square * size.largest);
      if (std::abs(double{y.data()[i]} - expected.data()[i]) <= bound) continue;
      status = absl::DataLossError(
          absl::StrFormat("the kernels %s compute wrongly in %s: in a product %d -> %d row %d of 1 "
                          "+ 7 + 64, column %d, is %g where oneDNN's float32 is %g, and rounding "
                          "explains %g",
                          backend.kernels(), PrecisionName(backend.precision()), in, out, row,
                          column, y.data()[i], expected.data()[i], bound));
      break;
    }
  }
  time_ += std::chrono::steady_clock::now() - start;
  return status;
}

}  // namespace verdict
