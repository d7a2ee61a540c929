#include "engine/kernels/tiles/tile_product.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "engine/kernels/product.h"
#include "engine/kernels/quantization.h"
#include "engine/kernels/tiles/tile_packing.h"
#include "engine/memory/aligned_buffer.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

// Random numbers of both factors, or the largest of both.
struct Case {
  Case(TileType type, int rows, int in, int panels, bool largest = false)
      : type(type),
        bytes(TileBytes(type)),
        rows(rows),
        in(in),
        panels(panels),
        x(size_t(rows + kTileSize) * bytes * in),
        weights(size_t(columns()) * bytes * in),
        packed(panels * TilePanelSize(bytes, in)) {
    std::minstd_rand random(rows + in);
    Fill(x, random, largest ? (type == TileType::kUint8 ? 255 : -128) : 0);
    Fill(weights, random, largest ? -128 : 0);
    for (int panel = 0; panel < panels; ++panel) {
      PackTilePanel(bytes, weights.data() + size_t(panel) * kTileSize * bytes * in, in, kTileSize,
                    packed.data() + panel * TilePanelSize(bytes, in));
    }
  }

  // With `number`, or if that is zero with random ones; in bfloat16 whole ones that it has exactly.
  void Fill(AlignedArray<int8_t>& to, std::minstd_rand& random, int number) const {
    for (size_t i = 0; i < to.size(); ++i) {
      const int value = number != 0 ? number : static_cast<int>(random() >> 8) % 256 - 128;
      if (type != TileType::kBf16) {
        to.data()[i] = static_cast<int8_t>(value);
      } else if (i % 2 == 0) {
        const auto word =
            static_cast<uint16_t>(std::bit_cast<uint32_t>(static_cast<float>(value)) >> 16);
        std::memcpy(to.data() + i, &word, sizeof(word));
      }
    }
  }

  int columns() const { return panels * kTileSize; }
  int slices() const { return type == TileType::kInt24 ? kInt24Slices : 1; }

  int Number(const AlignedArray<int8_t>& from, int row, int slice, int i) const {
    const int8_t* begin = from.data() + size_t(row) * bytes * in;
    if (type == TileType::kBf16) {
      uint16_t word = 0;
      std::memcpy(&word, begin + size_t{2} * i, sizeof(word));
      return static_cast<int>(std::bit_cast<float>(uint32_t{word} << 16));
    }
    const int8_t byte = begin[(i / kTileDepth * slices() + slice) * kTileDepth + i % kTileDepth];
    const bool no_sign = type == TileType::kUint8 && &from == &x;
    return no_sign ? static_cast<uint8_t>(byte) : byte;
  }

  // The sum of the products of these slices.
  int64_t Sum(int row, int column, int x_slice, int weight_slice) const {
    int64_t sum = 0;
    for (int i = 0; i < in; ++i) {
      sum += int64_t{Number(x, row, x_slice, i)} * Number(weights, column, weight_slice, i);
    }
    return sum;
  }

  // [TileParts, rows, columns]
  std::vector<int64_t> Expected() const {
    std::vector<int64_t> expected;
    for (int order = 0; order < TileParts(type); ++order) {
      for (int row = 0; row < rows; ++row) {
        for (int column = 0; column < columns(); ++column) {
          int64_t sum = 0;
          for (int slice = 0; slice < slices(); ++slice) {
            const int other = order - slice;
            if (other >= 0 && other < slices()) sum += Sum(row, column, slice, other);
          }
          expected.push_back(sum);
        }
      }
    }
    return expected;
  }

  std::vector<int64_t> Run(const ToFetch& to_fetch = {}) const {
    const size_t part = size_t(TileRows(type, rows)) * columns();
    AlignedArray<int32_t> y(TileParts(type) * part);
    MultiplyTiles({.type = type,
                   .x = x.data(),
                   .x_stride = size_t(bytes) * in,
                   .rows = rows,
                   .in = in,
                   .panels = packed.data(),
                   .panel_count = panels,
                   .y = y.data(),
                   .to_fetch = to_fetch});
    std::vector<int64_t> result;
    for (int i = 0; i < TileParts(type); ++i) {
      for (size_t place = 0; place < size_t(rows) * columns(); ++place) {
        const int32_t sum = y.data()[i * part + place];
        result.push_back(type == TileType::kBf16 ? static_cast<int64_t>(std::bit_cast<float>(sum))
                                                 : sum);
      }
    }
    return result;
  }

  TileType type;
  int bytes, rows, in, panels;
  AlignedArray<int8_t> x, weights, packed;
};

constexpr std::array kTypes = {TileType::kBf16, TileType::kUint8, TileType::kInt24};

class TileProductTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!HasTiles()) GTEST_SKIP() << "this CPU has no AMX, or oneDNN may not use it";
  }
};

TEST_F(TileProductTest, EqualsThePlainSumsAtEverySize) {
  for (TileType type : kTypes) {
    for (int in : {64, 192, 768, 832, 3072}) {
      for (int panels : {1, 3}) {
        for (int rows : {1, 2, 15, 16, 17, 33, 50}) {
          const Case product(type, rows, in, panels);
          ASSERT_EQ(product.Run(), product.Expected())
              << TileBytes(type) << " bytes, " << rows << " rows, " << in << " deep, " << panels;
        }
      }
    }
  }
}

TEST_F(TileProductTest, TheLargestFactorsFitInTheSums) {
  for (TileType type : kTypes) {
    const Case product(type, 2, kMaxIn / kTileDepth * kTileDepth, 1, /*largest=*/true);
    EXPECT_EQ(product.Run(), product.Expected());
  }
}

TEST_F(TileProductTest, FetchingChangesNothing) {
  const Case product(TileType::kInt24, 20, 768, 2);
  EXPECT_EQ(product.Run({product.packed.data(), product.packed.size()}), product.Run());
}

TEST(TileRowsTest, AreTheNextThatEqualBlocksHold) {
  EXPECT_EQ(TileRows(TileType::kInt24, 17), 18);
  EXPECT_EQ(TileRows(TileType::kInt24, 33), 33);
  EXPECT_EQ(TileRows(TileType::kInt24, 50), 52);
  for (TileType type : kTypes) {
    EXPECT_EQ(TileRows(type, 1), 1);
    EXPECT_EQ(TileRows(type, 16), 16);
    for (int rows = 1; rows < 200; ++rows) {
      EXPECT_GE(TileRows(type, rows), rows);
      EXPECT_LT(TileRows(type, rows), rows + kTileSize);
    }
  }
}

TEST(TileRowsTest, BlocksThatAreNotSlicedComeInPairs) {
  EXPECT_EQ(TileRows(TileType::kUint8, 17), 18);
  EXPECT_EQ(TileRows(TileType::kUint8, 33), 36);
  EXPECT_EQ(TileRows(TileType::kBf16, 50), 52);
  EXPECT_EQ(TileRows(TileType::kBf16, 65), 66);
}

}  // namespace
}  // namespace verdict
