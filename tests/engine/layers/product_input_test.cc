#include "engine/layers/product_input.h"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/kernels/quantization.h"
#include "gtest/gtest.h"
#include "tests/engine/fixtures/product_kinds.h"

namespace verdict {
namespace {

constexpr ProductKind kOneDnnInt8 = {Precision::kInt8, Kernels::kOneDnn};
constexpr ProductKind kPanelsInt8 = {Precision::kInt8, Kernels::kPanels};

ProductInput Filled(ProductKind kind, const std::vector<std::vector<float>>& rows) {
  ProductInput input(kind, static_cast<int>(rows.size()), static_cast<int>(rows[0].size()));
  for (size_t row = 0; row < rows.size(); ++row) {
    std::copy(rows[row].begin(), rows[row].end(), input.row(static_cast<int>(row)));
    input.Round(static_cast<int>(row));
  }
  return input;
}

TEST(ProductInputTest, Float32IsTheRowsThemselves) {
  ProductInput input = Filled({Precision::kF32, Kernels::kPanels}, {{1, 2, 3}, {4, 5, 6}});
  EXPECT_EQ(input.rounded(), input.row(0));
  EXPECT_EQ(input.quantizations(), nullptr);
}

TEST(ProductInputTest, NarrowRowsAreFilledUpWithZeros) {
  const ProductInput input = Filled(kOneDnnInt8, {{1, -2, 127}, {4, 5, -6}});
  const auto* integers = static_cast<const int8_t*>(input.rounded());
  const size_t stride = input.rounded_stride();
  EXPECT_EQ(stride, 64);
  EXPECT_EQ(integers[2], 127);
  for (size_t i = 3; i < stride; ++i) EXPECT_EQ(integers[i], 0);
  EXPECT_EQ(integers[stride + 2], -127);
  EXPECT_FLOAT_EQ(input.quantizations()[0].scale, 1);
  EXPECT_FLOAT_EQ(input.quantizations()[1].scale, 6.0f / 127);
}

TEST(ProductInputTest, Uint8HasTheZeroPointAddedButToTheFilling) {
  const ProductInput input = Filled(kPanelsInt8, {{235, -20, 0}});
  const auto* bytes = static_cast<const uint8_t*>(input.rounded());
  EXPECT_EQ(std::vector<int>(bytes, bytes + 4), (std::vector<int>{255, 0, 20, 0}));
  EXPECT_FLOAT_EQ(input.quantizations()[0].scale, 1);
  EXPECT_EQ(input.quantizations()[0].zero_point, 20);
}

TEST(ProductInputTest, RowsForTilesLieAnOddNumberOfCacheLinesApart) {
  for (ProductKind kind : kProductKinds) {
    for (int columns : {3, 64, 768, 3072}) {
      const ProductInput input(kind, 2, columns);
      const size_t dense =
          ProductInput::RoundedColumns(kind.input(), columns) * ElementSize(kind.input());
      if (kind.kernels == Kernels::kTiles) {
        EXPECT_EQ(input.rounded_stride() % 128, 64) << ProductKindName(kind) << ", " << columns;
        EXPECT_LE(input.rounded_stride(), dense + 64);
        EXPECT_GE(input.rounded_stride(), dense);
      } else {
        EXPECT_EQ(input.rounded_stride(), dense) << ProductKindName(kind) << ", " << columns;
      }
    }
  }
}

TEST(ProductInputTest, CopyTakesAllThatBelongsToARow) {
  for (ProductKind kind : kProductKinds) {
    const ProductInput expected = Filled(kind, {{7, 8, 9}, {7, 8, 9}});
    ProductInput input = Filled(kind, {{1, 2, 3}, {7, 8, 9}});
    input.Copy(1, 0);
    EXPECT_EQ(input.row(0)[2], 9);
    const InputType type = kind.input();
    const size_t bytes = ProductInput::RoundedColumns(type, 3) * ElementSize(type);
    EXPECT_EQ(std::memcmp(input.rounded(), expected.rounded(), bytes), 0);
    if (HasScale(type)) {
      EXPECT_EQ(input.quantizations()[0].scale, expected.quantizations()[0].scale);
      EXPECT_EQ(input.quantizations()[0].zero_point, expected.quantizations()[0].zero_point);
    }
  }
}

}  // namespace
}  // namespace verdict
