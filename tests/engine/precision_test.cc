#include "engine/precision.h"

#include "gtest/gtest.h"

namespace verdict {
namespace {

TEST(PrecisionTest, EveryNameIsItsOwnPrecisions) {
  for (const char* name : {"f32", "bf16", "int8"}) {
    const auto precision = PrecisionOf(name);
    ASSERT_TRUE(precision.has_value()) << name;
    EXPECT_EQ(PrecisionName(*precision), name);
  }
  for (const char* other : {"", "F32", "f16", "int"}) {
    EXPECT_FALSE(PrecisionOf(other).has_value()) << other;
  }
}

}  // namespace
}  // namespace verdict
