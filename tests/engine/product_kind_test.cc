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
  for (InputType type : {InputType::kF32, InputType::kBf16}) EXPECT_FALSE(HasScale(type));
  for (InputType type : {InputType::kInt16, InputType::kInt8, InputType::kUint8}) {
    EXPECT_TRUE(HasScale(type));
  }
}

TEST(ProductKindTest, PanelsTakeIntegersInPlaceOfBf16) {
  EXPECT_EQ((ProductKind{Precision::kBf16, true}.input()), InputType::kInt16);
  EXPECT_EQ((ProductKind{Precision::kBf16, false}.input()), InputType::kBf16);
}

}  // namespace
}  // namespace verdict
