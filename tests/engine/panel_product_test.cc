#include "engine/panel_product.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/aligned_buffer.h"
#include "gtest/gtest.h"
#include "tests/engine/highway_targets.h"
#include "tests/engine/random_numbers.h"

namespace verdict {
namespace {

struct Case {
  Case(int rows, int in, int columns)
      : rows(rows),
        in(in),
        columns(columns),
        x(RandomNumbers(size_t(rows) * in, 1)),
        weights(RandomNumbers(size_t(columns) * in, 2)),
        panels(size_t(columns + PanelColumns()) * in) {
    for (int first = 0; first < columns; first += PanelColumns()) {
      PackPanel(weights.data() + size_t(first) * in, in, std::min(PanelColumns(), columns - first),
                panels.data() + size_t(first) * in);
    }
  }

  // Rows `first` to `first + count`, where a row of y has some numbers more, that must stay.
  std::vector<float> Run(int first, int count, bool fetches = false) const {
    std::vector<float> y(size_t(count) * Stride(), kUntouched);
    PanelProduct product = Product(first, count, y.data());
    if (fetches) product.to_fetch = {panels.data(), panels.size() * sizeof(float)};
    MultiplyPanels(product);
    return y;
  }

  // The same, the first `depth` of `in` first and then the others.
  std::vector<float> RunInTwo(int depth) const {
    std::vector<float> y(size_t(rows) * Stride(), kUntouched);
    PanelProduct product = Product(0, rows, y.data());
    product.in = depth;
    MultiplyPanels(product);
    product.x += depth;
    product.panels += size_t(depth) * PanelColumns();
    product.in = in - depth;
    product.adds = true;
    MultiplyPanels(product);
    return y;
  }

  PanelProduct Product(int first, int count, float* y) const {
    return {.x = x.data() + size_t(first) * in,
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

  size_t Stride() const { return columns + 3; }

  static constexpr float kUntouched = -7;
  int rows, in, columns;
  std::vector<float> x, weights;
  AlignedBuffer panels;
};

TEST(PanelProductTest, EqualsThePlainProductAndTouchesNothingElse) {
  ForEachHighwayTarget([] {
    for (auto [rows, in, columns] : {std::tuple{1, 1, 1},
                                     {5, 7, 32},
                                     {12, 64, 31},
                                     {13, 40, 16},
                                     {25, 768, 32},
                                     {60, 33, 17},
                                     {41, 20, 100}}) {
      const Case product(rows, in, columns);
      const std::vector<float> y = product.Run(0, rows);
      for (int row = 0; row < rows; ++row) {
        for (size_t column = 0; column < product.Stride(); ++column) {
          double expected = column < size_t(columns) ? 0 : Case::kUntouched;
          for (int i = 0; i < in && column < size_t(columns); ++i) {
            expected += double{product.x[size_t(row) * in + i]} * product.weights[column * in + i];
          }
          ASSERT_NEAR(y[row * product.Stride() + column], expected, 1e-5 * std::sqrt(in) + 1e-6)
              << rows << " rows, in " << in << ", row " << row << " column " << column;
        }
      }
    }
  });
}

TEST(PanelProductTest, APanelHasTheSameBitsAloneAndWithOthers) {
  ForEachHighwayTarget([] {
    const int panel = PanelColumns();
    for (int rows : {25, 50}) {                                      // few and many
      const Case four(rows, 200, 4 * panel), one(rows, 200, panel);  // the same numbers
      const std::vector<float> together = four.Run(0, rows), alone = one.Run(0, rows);
      for (int row = 0; row < rows; ++row) {
        ASSERT_TRUE(std::equal(alone.begin() + row * one.Stride(),
                               alone.begin() + row * one.Stride() + panel,
                               together.begin() + row * four.Stride()))
            << row;
      }
    }
  });
}

TEST(PanelProductTest, ARowHasTheSameBitsWhateverRowsAreWithItAndWhateverIsFetched) {
  ForEachHighwayTarget([] {
    for (int columns : {32, 61, 100}) {
      const Case product(60, 100, columns);
      const std::vector<float> all = product.Run(0, 60);
      for (int count = 1; count <= 30; ++count) {
        for (bool fetches : {false, true}) {
          const std::vector<float> some = product.Run(60 - count, count, fetches);
          ASSERT_TRUE(std::equal(some.begin(), some.end(), all.end() - some.size())) << count;
        }
      }
    }
  });
}

TEST(PanelProductTest, AddedUpInTwoPartsItHasTheSameBits) {
  ForEachHighwayTarget([] {
    for (int columns : {16, 32, 61, 64}) {
      const Case product(25, 100, columns);
      const std::vector<float> whole = product.Run(0, 25);
      for (int depth : {1, 8, 50, 99}) {
        EXPECT_EQ(product.RunInTwo(depth), whole) << columns << " columns, " << depth;
      }
    }
  });
}

}  // namespace
}  // namespace verdict
