#include "engine/files/float_types.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace verdict {
namespace {

// The definition, term by term: sign, exponent, fraction.
double ValueOf(uint16_t bits, int exponent_bits) {
  const int fraction_bits = 15 - exponent_bits;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = (bits & 0x7FFF) >> fraction_bits;
  const int fraction = bits & ((1 << fraction_bits) - 1);
  const double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) {
    return fraction ? std::numeric_limits<double>::quiet_NaN()
                    : sign * std::numeric_limits<double>::infinity();
  }
  const int hidden = exponent == 0 ? 0 : 1 << fraction_bits;
  return sign * std::ldexp(hidden + fraction, std::max(exponent, 1) - bias - fraction_bits);
}

void ExpectSame(float value, double expected, int bits) {
  if (std::isnan(expected)) {
    EXPECT_TRUE(std::isnan(value)) << bits;
    return;
  }
  EXPECT_EQ(static_cast<double>(value), expected) << bits;
  EXPECT_EQ(std::signbit(value), std::signbit(expected)) << bits;
}

TEST(FloatTypes, EveryFloat16IsWidenedExactly) {
  for (int bits = 0; bits <= 0xFFFF; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    ExpectSame(FloatFromFloat16(half), ValueOf(half, 5), bits);
  }
}

TEST(FloatTypes, EveryBFloat16IsWidenedExactly) {
  for (int bits = 0; bits <= 0xFFFF; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    ExpectSame(FloatFromBFloat16(half), ValueOf(half, 8), bits);
  }
}

}  // namespace
}  // namespace verdict
