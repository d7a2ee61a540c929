#include "engine/kernels/rows.h"

#include <cstdint>
#include <cstring>
#include <vector>

#include "gtest/gtest.h"
#include "tests/engine/fixtures/every_backend.h"

namespace verdict {
namespace {

Rows Filled(const RowFormat& format, const std::vector<std::vector<float>>& numbers) {
  Rows rows(format, static_cast<int>(numbers.size()), static_cast<int>(numbers[0].size()));
  for (size_t row = 0; row < numbers.size(); ++row) {
    std::copy(numbers[row].begin(), numbers[row].end(), rows.row(static_cast<int>(row)));
    rows.Round(static_cast<int>(row));
  }
  return rows;
}

TEST(RowsTest, Float32IsTheRowsThemselves) {
  Rows rows = Filled({}, {{1, 2, 3}, {4, 5, 6}});
  EXPECT_EQ(rows.Rounded(2).data, reinterpret_cast<const std::byte*>(rows.row(0)));
  EXPECT_EQ(rows.Rounded(2).quantizations, nullptr);
  EXPECT_EQ(rows.Rounded(2).stride, 3 * sizeof(float));
}

TEST(RowsTest, NarrowRowsArePaddedWithZeros) {
  const Rows rows = Filled(Int8Rows(), {{1, -2, 127}, {4, 5, -6}});
  const RowsView view = rows.Rounded(2);
  const auto* integers = reinterpret_cast<const int8_t*>(view.data);
  EXPECT_EQ(view.stride, 64);
  EXPECT_EQ(integers[2], 127);
  for (size_t i = 3; i < view.stride; ++i) EXPECT_EQ(integers[i], 0);
  EXPECT_EQ(integers[view.stride + 2], -127);
  EXPECT_FLOAT_EQ(view.quantizations[0].scale, 1);
  EXPECT_FLOAT_EQ(view.quantizations[1].scale, 6.0f / 127);
}

TEST(RowsTest, Uint8HasTheZeroPointAddedExceptToPadding) {
  const Rows rows = Filled(Uint8Rows(), {{235, -20, 0}});
  const RowsView view = rows.Rounded(1);
  const auto* bytes = reinterpret_cast<const uint8_t*>(view.data);
  EXPECT_EQ(std::vector<int>(bytes, bytes + 4), (std::vector<int>{255, 0, 20, 0}));
  EXPECT_FLOAT_EQ(view.quantizations[0].scale, 1);
  EXPECT_EQ(view.quantizations[0].zero_point, 20);
}

TEST(RowsTest, OddLinesLieAnOddNumberOfCacheLinesApart) {
  for (RowFormat format : {Bf16Rows(), Int24Rows(), Int16Rows(), Int8Rows(), Uint8Rows()}) {
    for (int columns : {3, 64, 768, 3072}) {
      const size_t dense = size_t{1} * format.Filled(columns) * format.bytes;
      EXPECT_EQ(format.Filled(columns) % 64, 0);
      EXPECT_EQ(format.Stride(columns), dense);
      RowFormat odd = format;
      odd.odd_lines = true;
      EXPECT_EQ(odd.Stride(columns) % 128, 64) << columns;
      EXPECT_LE(odd.Stride(columns), dense + 64);
      EXPECT_GE(odd.Stride(columns), dense);
    }
  }
}

TEST(RowsTest, CopyTakesAllThatBelongsToARow) {
  for (const RowFormat& format :
       {RowFormat(), Bf16Rows(), Int24Rows(), Int16Rows(), Int8Rows(), Uint8Rows()}) {
    const Rows expected = Filled(format, {{7, 8, 9}, {7, 8, 9}});
    Rows rows = Filled(format, {{1, 2, 3}, {7, 8, 9}});
    rows.Copy(1, 0);
    EXPECT_EQ(rows.row(0)[2], 9);
    EXPECT_EQ(std::memcmp(rows.Rounded(1).data, expected.Rounded(1).data, format.Stride(3)), 0);
    if (format.scaled) {
      EXPECT_EQ(rows.Rounded(1).quantizations[0].scale, expected.Rounded(1).quantizations[0].scale);
      EXPECT_EQ(rows.Rounded(1).quantizations[0].zero_point,
                expected.Rounded(1).quantizations[0].zero_point);
    }
  }
}

TEST(RowsTest, APartOfARowIsRoundedOnlyWhereItNeedsNoScale) {
  for (const RowFormat& format : {Bf16Rows(), Int8Rows()}) {
    Rows rows(format, 1, 4);
    for (int i = 0; i < 4; ++i) rows.row(0)[i] = 1;
    rows.RoundColumns(0, 1, 2);
    const auto* numbers = reinterpret_cast<const Bf16*>(rows.Rounded(1).data);
    const Bf16 one = format.scaled ? 0 : 0x3F80;
    EXPECT_EQ(std::vector<Bf16>(numbers, numbers + 4), (std::vector<Bf16>{0, one, one, 0}));
  }
}

TEST(RowsTest, RowsKeptRoundedInBfloat16HaveNoFloats) {
  const size_t both = Rows::Bytes(Bf16Rows(), 10, 64);
  const size_t rounded = Rows::Bytes(Bf16Rows(), 10, 64, Rows::Keeps::kRounded);
  EXPECT_EQ(both - rounded, (10 + Rows::kMoreRows) * 64 * sizeof(float));
  EXPECT_EQ(Rows::Bytes(Int8Rows(), 10, 64),
            Rows::Bytes(Int8Rows(), 10, 64, Rows::Keeps::kRounded));
}

}  // namespace
}  // namespace verdict
