#include "engine/product_kind.h"

#include "engine/onednn.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

TEST(ProductKindTest, OneDnnServesWhereItIsFastAndNeverInFloat32) {
  for (Precision precision : {Precision::kF32, Precision::kBf16, Precision::kInt8}) {
    const ProductKind kind = FastestProducts(precision);
    EXPECT_EQ(kind.precision, precision);
    EXPECT_EQ(kind.panels, !HasFastKernels(precision));
  }
  EXPECT_TRUE(FastestProducts(Precision::kF32).panels);
}

TEST(ProductKindTest, OnlyIntegersHaveAScale) {
  for (bool panels : {false, true}) {
    EXPECT_FALSE(HasScale(ProductKind{Precision::kF32, panels}.input()));
    EXPECT_FALSE(HasScale(ProductKind{Precision::kBf16, panels}.input()));
    EXPECT_TRUE(HasScale(ProductKind{Precision::kInt8, panels}.input()));
  }
}

TEST(ProductKindTest, PanelsOfBf16TakeRowsThatAreNotRounded) {
  EXPECT_EQ((ProductKind{Precision::kBf16, true}.input()), InputType::kF32);
  EXPECT_EQ((ProductKind{Precision::kBf16, false}.input()), InputType::kBf16);
}

}  // namespace
}  // namespace verdict
