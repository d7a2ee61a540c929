#include "engine/tile_product.h"

#include <cstdint>
#include <random>
#include <vector>

#include "engine/aligned_buffer.h"
#include "engine/quantization.h"
#include "engine/tile_packing.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

// Random bytes of both factors, or the largest of both; with three slices both have a sign.
struct Case {
  Case(int slices, int rows, int in, int panels, bool largest = false)
      : slices(slices),
        rows(rows),
        in(in),
        panels(panels),
        x(size_t(rows + kTileSize) * slices * in),
        weights(size_t(panels) * kTileSize * slices * in),
        packed(panels * TilePanelSize(slices, in)) {
    std::minstd_rand random(rows + in);
    for (size_t i = 0; i < x.size(); ++i) {
      x.data()[i] = static_cast<uint8_t>(largest ? (slices == 1 ? 255 : 128) : random() >> 8);
    }
    for (int8_t& weight : weights) {
      weight = static_cast<int8_t>(largest ? -128 : random() >> 8);
    }
    for (int panel = 0; panel < panels; ++panel) {
      PackTilePanel(slices, weights.data() + size_t(panel) * kTileSize * slices * in, in, kTileSize,
                    packed.data() + panel * TilePanelSize(slices, in));
    }
  }

  int columns() const { return panels * kTileSize; }
  int X(int row, int slice, int i) const {
    const uint8_t byte = x.data()[Place(row, slice, i)];
    return slices == 1 ? byte : static_cast<int8_t>(byte);
  }
  int Weight(int column, int slice, int i) const { return weights[Place(column, slice, i)]; }
  size_t Place(int row, int slice, int i) const {
    return ((size_t(row) * (in / kTileDepth) + i / kTileDepth) * slices + slice) * kTileDepth +
           i % kTileDepth;
  }

  // The sum of the products of these slices.
  int64_t Sum(int row, int column, int x_slice, int weight_slice) const {
    int64_t sum = 0;
    for (int i = 0; i < in; ++i) {
      sum += int64_t{X(row, x_slice, i)} * Weight(column, weight_slice, i);
    }
    return sum;
  }

  // [TileParts, rows, columns]
  std::vector<int64_t> Expected() const {
    std::vector<int64_t> expected;
    for (int order = 0; order < TileParts(slices); ++order) {
      for (int row = 0; row < rows; ++row) {
        for (int column = 0; column < columns(); ++column) {
          int64_t sum = 0;
          for (int slice = 0; slice < slices; ++slice) {
            const int other = order - slice;
            if (other >= 0 && other < slices) sum += Sum(row, column, slice, other);
          }
          expected.push_back(sum);
        }
      }
    }
    return expected;
  }

  std::vector<int64_t> Run(const ToFetch& to_fetch = {}) const {
    const size_t part = size_t(TileRows(rows)) * columns();
    AlignedArray<int32_t> y(TileParts(slices) * part);
    MultiplyTiles({.slices = slices,
                   .x = x.data(),
                   .rows = rows,
                   .in = in,
                   .panels = packed.data(),
                   .panel_count = panels,
                   .y = y.data(),
                   .to_fetch = to_fetch});
    std::vector<int64_t> result;
    for (int i = 0; i < TileParts(slices); ++i) {
      const int32_t* begin = y.data() + i * part;
      result.insert(result.end(), begin, begin + size_t(rows) * columns());
    }
    return result;
  }

  int slices, rows, in, panels;
  AlignedArray<uint8_t> x;
  std::vector<int8_t> weights;
  AlignedArray<int8_t> packed;
};

class TileProductTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!HasTiles()) GTEST_SKIP() << "this CPU has no AMX, or oneDNN may not use it";
  }
};

TEST_F(TileProductTest, EqualsThePlainSumsAtEverySize) {
  for (int slices : {1, 3}) {
    for (int in : {64, 192, 768, 832, 3072}) {
      for (int panels : {1, 3}) {
        for (int rows : {1, 2, 15, 16, 17, 33, 50}) {
          const Case product(slices, rows, in, panels);
          ASSERT_EQ(product.Run(), product.Expected())
              << slices << " slices, " << rows << " rows, " << in << " deep, " << panels;
        }
      }
    }
  }
}

TEST_F(TileProductTest, TheLargestFactorsFitInTheSums) {
  for (int slices : {1, 3}) {
    const Case product(slices, 2, 8192, 1, /*largest=*/true);
    EXPECT_EQ(product.Run(), product.Expected());
  }
}

TEST_F(TileProductTest, FetchingChangesNothing) {
  const Case product(3, 20, 768, 2);
  EXPECT_EQ(product.Run({product.packed.data(), product.packed.size()}), product.Run());
}

TEST(TileRowsTest, AreTheNextThatEqualBlocksHold) {
  EXPECT_EQ(TileRows(1), 1);
  EXPECT_EQ(TileRows(16), 16);
  EXPECT_EQ(TileRows(17), 18);
  EXPECT_EQ(TileRows(33), 33);
  EXPECT_EQ(TileRows(50), 52);
  for (int rows = 1; rows < 200; ++rows) {
    EXPECT_GE(TileRows(rows), rows);
    EXPECT_LT(TileRows(rows), rows + kTileSize);
  }
}

}  // namespace
}  // namespace verdict
