#include "engine/kernels/panels/panel_product.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "engine/kernels/panels/panel_packing.h"
#include "engine/kernels/quantization.h"
#include "engine/memory/aligned_buffer.h"
#include "engine/memory/rounding.h"
#include "gtest/gtest.h"
#include "tests/engine/fixtures/highway_targets.h"
#include "tests/engine/fixtures/random_numbers.h"

namespace verdict {
namespace {

// What a product writes: float32 or int32, compared bit by bit.
using Words = std::vector<uint32_t>;

// What `in` is a multiple of.
int Depth(Precision precision) {
  switch (precision) {
    case Precision::kF32:
      return 1;
    case Precision::kBf16:
      return kInt16Depth;
    case Precision::kInt8:
      return kInt8Depth;
  }
  return 0;
}

// Random rows and weights, packed. `in` is rounded up to what panels take.
struct Case {
  Case(Precision precision, int rows, int in, int columns)
      : precision(precision),
        integers(precision != Precision::kF32),
        rows(rows),
        in(RoundUp(in, Depth(precision))),
        columns(columns),
        x(RandomNumbers(size_t(rows) * this->in, 1)),
        weights(RandomNumbers(size_t(columns) * this->in, 2)),
        panels(RoundUp(columns, PanelColumns()) / PanelColumns() * PanelSize(precision, this->in)) {
    if (precision == Precision::kBf16) {
      shorts.resize(x.size());
      for (size_t i = 0; i < x.size(); ++i) {
        shorts[i] = static_cast<int16_t>(
            std::clamp<int>(static_cast<int>(x[i] * 900), -kLargestInt16, kLargestInt16));
      }
      x.assign(shorts.begin(), shorts.end());
      RoundWeights(&rounded_shorts);
    } else if (precision == Precision::kInt8) {
      bytes.resize(x.size());
      for (size_t i = 0; i < x.size(); ++i) {
        bytes[i] = static_cast<uint8_t>(std::clamp(x[i] * 60 + 128, 0.0f, 255.0f));
      }
      x.assign(bytes.begin(), bytes.end());
      RoundWeights(&rounded_bytes);
    }
    for (int panel = 0; panel * PanelColumns() < columns; ++panel) {
      const int first = panel * PanelColumns();
      const size_t begin = size_t(first) * this->in;
      PackPanel(precision, Place(weights, rounded_shorts, rounded_bytes, begin), this->in,
                std::min(PanelColumns(), columns - first),
                panels.data() + panel * PanelSize(precision, this->in));
    }
  }

  // What is packed is expected: x and weights are float32 whatever the precision.
  template <class Integer>
  void RoundWeights(std::vector<Integer>* rounded) {
    rounded->resize(weights.size());
    for (int column = 0; column < columns; ++column) {
      const size_t begin = size_t(column) * in;
      QuantizeForPanel(weights.data() + begin, in, rounded->data() + begin);
    }
    weights.assign(rounded->begin(), rounded->end());
  }

  // Rows `first` to `first + count`, where a row of y has some numbers more, that must stay.
  Words Run(int first, int count, bool fetches = false) const {
    Words y(size_t(count) * Stride(), kUntouched);
    PanelProduct product = Product(first, count, y.data());
    if (fetches) product.to_fetch = {panels.data(), panels.size()};
    MultiplyPanels(product);
    return y;
  }

  // The same, the first `depth` of `in` first and then the others.
  Words RunInTwo(int depth) const {
    Words y(size_t(rows) * Stride(), kUntouched);
    PanelProduct product = Product(0, rows, y.data());
    product.in = depth;
    MultiplyPanels(product);
    product.x = X(0, depth);
    product.panels = panels.data() + PanelSize(precision, depth);
    product.in = in - depth;
    product.adds = true;
    MultiplyPanels(product);
    return y;
  }

  PanelProduct Product(int first, int count, void* y) const {
    return {.precision = precision,
            .x = X(first, 0),
            .x_stride = size_t(in),
            .rows = count,
            .in = in,
            .panels = panels.data(),
            .panel_stride = size_t(in) * PanelColumns(),
            .y = y,
            .y_stride = Stride(),
            .columns = columns,
            .to_fetch = {}};
  }

  const void* X(int row, int i) const { return Place(x, shorts, bytes, size_t(row) * in + i); }

  // A place in those numbers that are the precision's.
  template <class Words, class Bytes>
  const void* Place(const std::vector<float>& floats, const Words& words, const Bytes& bytes,
                    size_t place) const {
    switch (precision) {
      case Precision::kF32:
        return floats.data() + place;
      case Precision::kBf16:
        return words.data() + place;
      case Precision::kInt8:
        return bytes.data() + place;
    }
    return nullptr;
  }

  double Expected(int row, int column) const {
    double sum = 0;
    for (int i = 0; i < in; ++i) {
      sum += double{x[size_t(row) * in + i]} * weights[size_t(column) * in + i];
    }
    return sum;
  }

  double Value(uint32_t word) const {
    return integers ? double(std::bit_cast<int32_t>(word)) : double{std::bit_cast<float>(word)};
  }

  size_t Stride() const { return columns + 3; }

  static constexpr uint32_t kUntouched = 0xC0E00000;
  Precision precision;
  bool integers;
  int rows, in, columns;
  std::vector<float> x, weights;
  std::vector<int16_t> shorts, rounded_shorts;
  std::vector<uint8_t> bytes;
  std::vector<int8_t> rounded_bytes;
  AlignedArray<std::byte> panels;
};

class PanelProductTest : public ::testing::TestWithParam<Precision> {};

TEST_P(PanelProductTest, EqualsThePlainProductAndTouchesNothingElse) {
  ForEachHighwayTarget([] {
    for (auto [rows, in, columns] : {std::tuple{1, 1, 1},
                                     {5, 7, 32},
                                     {12, 64, 31},
                                     {13, 40, 16},
                                     {25, 768, 32},
                                     {60, 33, 17},
                                     {41, 20, 100}}) {
      const Case product(GetParam(), rows, in, columns);
      const Words y = product.Run(0, rows);
      const double tolerance = product.integers ? 0 : 1e-5 * std::sqrt(in) + 1e-6;
      for (int row = 0; row < rows; ++row) {
        for (size_t column = 0; column < product.Stride(); ++column) {
          const uint32_t word = y[row * product.Stride() + column];
          if (column >= size_t(columns)) {
            ASSERT_EQ(word, Case::kUntouched);
            continue;
          }
          ASSERT_NEAR(product.Value(word), product.Expected(row, static_cast<int>(column)),
                      tolerance)
              << rows << " rows, in " << in << ", row " << row << " column " << column;
        }
      }
    }
  });
}

TEST_P(PanelProductTest, APanelHasTheSameBitsAloneAndWithOthers) {
  ForEachHighwayTarget([] {
    const int panel = PanelColumns();
    for (int rows : {25, 50}) {  // few and many
      // The same numbers.
      const Case four(GetParam(), rows, 200, 4 * panel), one(GetParam(), rows, 200, panel);
      const Words together = four.Run(0, rows), alone = one.Run(0, rows);
      for (int row = 0; row < rows; ++row) {
        ASSERT_TRUE(std::equal(alone.begin() + row * one.Stride(),
                               alone.begin() + row * one.Stride() + panel,
                               together.begin() + row * four.Stride()))
            << row;
      }
    }
  });
}

TEST_P(PanelProductTest, ARowHasTheSameBitsWhateverRowsAreWithItAndWhateverIsFetched) {
  ForEachHighwayTarget([] {
    for (int columns : {32, 61, 100}) {
      const Case product(GetParam(), 60, 100, columns);
      const Words all = product.Run(0, 60);
      for (int count = 1; count <= 30; ++count) {
        for (bool fetches : {false, true}) {
          const Words some = product.Run(60 - count, count, fetches);
          ASSERT_TRUE(std::equal(some.begin(), some.end(), all.end() - some.size())) << count;
        }
      }
    }
  });
}

TEST_P(PanelProductTest, AddedUpInTwoPartsItHasTheSameBits) {
  ForEachHighwayTarget([] {
    for (int columns : {16, 32, 61, 64}) {
      const Case product(GetParam(), 25, 104, columns);
      const Words whole = product.Run(0, 25);
      for (int depth : {8, 48, 96}) {
        EXPECT_EQ(product.RunInTwo(depth), whole) << columns << " columns, " << depth;
      }
      if (Depth(GetParam()) > 1) continue;
      for (int depth : {1, 50, 103}) {
        EXPECT_EQ(product.RunInTwo(depth), whole) << columns << " columns, " << depth;
      }
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Precisions, PanelProductTest,
                         ::testing::Values(Precision::kF32, Precision::kBf16, Precision::kInt8),
                         [](const auto& info) { return std::string(PrecisionName(info.param)); });

}  // namespace
}  // namespace verdict
