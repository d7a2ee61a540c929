#include "engine/kernels/product_kind.h"

#include "gtest/gtest.h"

namespace verdict {
namespace {

TEST(ProductKindTest, OnlyIntegersHaveAScale) {
  for (InputType type : {InputType::kF32, InputType::kBf16}) EXPECT_FALSE(HasScale(type));
  for (InputType type :
       {InputType::kInt24, InputType::kInt16, InputType::kInt8, InputType::kUint8}) {
    EXPECT_TRUE(HasScale(type));
  }
}

TEST(ProductKindTest, IntegersStandInWhereKernelsHaveNoFloats) {
  EXPECT_EQ((ProductKind{Precision::kF32, Kernels::kPanels}.input()), InputType::kF32);
  EXPECT_EQ((ProductKind{Precision::kF32, Kernels::kTiles}.input()), InputType::kInt24);
  EXPECT_EQ((ProductKind{Precision::kBf16, Kernels::kPanels}.input()), InputType::kInt16);
  EXPECT_EQ((ProductKind{Precision::kBf16, Kernels::kTiles}.input()), InputType::kBf16);
  EXPECT_EQ((ProductKind{Precision::kBf16, Kernels::kOneDnn}.input()), InputType::kBf16);
}

}  // namespace
}  // namespace verdict
