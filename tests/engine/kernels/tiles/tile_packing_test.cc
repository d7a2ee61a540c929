#include "engine/kernels/tiles/tile_packing.h"

#include <cstdint>
#include <numeric>
#include <vector>

#include "gtest/gtest.h"

namespace verdict {
namespace {

TEST(PackTilePanelTest, FourBytesOfAColumnLieTogetherAndColumnsBesideEachOther) {
  for (int bytes : {1, 2, 3}) {
    constexpr int kIn = 128, kColumns = 5;
    std::vector<int8_t> weights(size_t{kColumns} * bytes * kIn);
    std::iota(weights.begin(), weights.end(), int8_t{1});
    std::vector<int8_t> panel(TilePanelSize(bytes, kIn), 99);
    PackTilePanel(bytes, weights.data(), kIn, kColumns, panel.data());
    const int size = bytes * kIn;
    for (int column = 0; column < kTileSize; ++column) {
      for (int i = 0; i < size; ++i) {
        const int8_t packed = panel[i / 4 * 4 * kTileSize + column * 4 + i % 4];
        const int8_t expected = column < kColumns ? weights[column * size + i] : int8_t{0};
        EXPECT_EQ(packed, expected) << column << ", " << i;
      }
    }
  }
}

}  // namespace
}  // namespace verdict
