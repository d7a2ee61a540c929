#include "engine/kernels/backends.h"

#include "engine/kernels/onednn/onednn.h"
#include "engine/kernels/tiles/tile_product.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

TEST(BackendsTest, TilesServeWhereTheyAreAndOneDnnWhereItIsFast) {
  for (Precision precision : {Precision::kF32, Precision::kBf16, Precision::kInt8}) {
    const ProductKind kind = FastestProducts(precision);
    EXPECT_EQ(kind.precision, precision);
    EXPECT_EQ(kind.kernels == Kernels::kTiles, HasTiles());
    if (kind.kernels != Kernels::kTiles) {
      EXPECT_EQ(kind.kernels == Kernels::kOneDnn, HasFastKernels(precision));
    }
  }
}

}  // namespace
}  // namespace verdict
