#include "engine/kernels/quantization.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "engine/memory/rounding.h"
#include "gtest/gtest.h"
#include "tests/engine/fixtures/highway_targets.h"
#include "tests/engine/fixtures/random_numbers.h"

namespace verdict {
namespace {

// The nearest bfloat16 by trying both neighbours.
Bf16 PlainRound(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const uint32_t below = bits & 0xFFFF0000u, above = below + 0x10000u;
  const double to_below = std::abs(double{x} - std::bit_cast<float>(below));
  const double to_above = std::abs(double{std::bit_cast<float>(above)} - x);
  const bool up = to_above < to_below || (to_above == to_below && (below >> 16) % 2 == 1);
  return static_cast<Bf16>((up ? above : below) >> 16);
}

TEST(RoundToBf16Test, IsTheNearestAndEvenInTheMiddle) {
  ForEachHighwayTarget([] {
    std::vector<float> x = RandomNumbers(1000, 7, 100);
    for (uint32_t bits : {0x3F808000u, 0x3F818000u, 0xBF808000u, 0x3F808001u, 0x00000000u}) {
      x.push_back(std::bit_cast<float>(bits));
    }
    std::vector<Bf16> y(x.size()), expected;
    for (float value : x) expected.push_back(PlainRound(value));
    RoundToBf16(x.data(), x.size(), y.data());
    EXPECT_EQ(y, expected);
  });
}

// For numbers with a sign, which `quantize` brings to within -largest and largest.
template <class Integer>
void ExpectErrorsOfHalfAStep(float (*quantize)(const float*, size_t, Integer*), int largest) {
  ForEachHighwayTarget([=] {
    for (int size : {1, 7, 64, 120, 768}) {
      const auto x = RandomNumbers(size, size, 5);
      std::vector<Integer> y(size);
      const float scale = quantize(x.data(), x.size(), y.data());
      int found = 0;
      for (int i = 0; i < size; ++i) {
        EXPECT_LE(std::abs(x[i] - scale * y[i]), scale * 0.501f) << i;
        found = std::max(found, std::abs(int{y[i]}));
      }
      EXPECT_EQ(found, largest) << "the whole range is used";
    }
  });
}

// The integer that three slices stand for.
int Int24(const std::vector<int8_t>& slices, size_t i) {
  const size_t high = i / kInt24Together * kInt24Together * kInt24Slices + i % kInt24Together;
  return (slices[high] * 256 + slices[high + kInt24Together]) * 256 +
         slices[high + 2 * kInt24Together];
}

TEST(QuantizeToInt24Test, ErrsByAStepAtMost) {
  ForEachHighwayTarget([] {
    for (int size : {1, 7, 63, 64, 65, 77, 768}) {
      for (float offset : {0.0f, 2.5f, -30.0f}) {
        auto x = RandomNumbers(size, size, 5);
        for (float& value : x) value += offset;
        std::vector<int8_t> y(RoundUp(size, kInt24Together) * size_t{kInt24Slices});
        const double scale = QuantizeToInt24(x.data(), x.size(), y.data());
        int largest = 0;
        for (int i = 0; i < size; ++i) {
          // Half a step, and what float32 rounds off the quotient.
          EXPECT_LE(std::abs(x[i] - scale * Int24(y, i)), scale) << i;
          largest = std::max(largest, std::abs(Int24(y, i)));
        }
        EXPECT_NEAR(largest, kLargestInt24, 1);
      }
    }
  });
}

TEST(QuantizeToInt24Test, NoLargestNumberOverflowsWhateverItsBits) {
  ForEachHighwayTarget([] {
    std::minstd_rand random(3);
    for (int round = 0; round < 20000; ++round) {
      const float largest =
          std::bit_cast<float>(static_cast<uint32_t>(0x20000000 + random() % 0x40000000));
      const std::vector<float> x = {largest, -largest, 0};
      std::vector<int8_t> y(kInt24Together * kInt24Slices);
      QuantizeToInt24(x.data(), x.size(), y.data());
      ASSERT_NEAR(Int24(y, 0), kLargestInt24, 1) << largest;
      ASSERT_EQ(Int24(y, 1), -Int24(y, 0)) << largest;
      ASSERT_EQ(Int24(y, 2), 0);
    }
  });
}

TEST(QuantizeToInt24Test, NothingIsWrittenPastTheSize) {
  ForEachHighwayTarget([] {
    const auto x = RandomNumbers(70, 1);
    std::vector<int8_t> y(size_t{2} * kInt24Together * kInt24Slices, 77);
    QuantizeToInt24(x.data(), x.size(), y.data());
    for (int slice = 0; slice < kInt24Slices; ++slice) {
      for (int i = 6; i < kInt24Together; ++i) {
        EXPECT_EQ(y[(kInt24Slices + slice) * kInt24Together + i], 77) << slice << ' ' << i;
      }
    }
  });
}

TEST(QuantizeToInt24Test, ZerosStayZerosAndNanIsKept) {
  ForEachHighwayTarget([] {
    std::vector<float> x(70, 0.0f);
    std::vector<int8_t> y(size_t{2} * kInt24Together * kInt24Slices, 5);
    EXPECT_EQ(QuantizeToInt24(x.data(), x.size(), y.data()), 0);
    for (int i = 0; i < 70; ++i) EXPECT_EQ(Int24(y, i), 0);
    for (float bad :
         {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
      for (size_t place : {0, 17, 69}) {
        std::vector<float> bad_x(70, 1.0f);
        bad_x[place] = bad;
        EXPECT_TRUE(std::isnan(QuantizeToInt24(bad_x.data(), bad_x.size(), y.data()))) << place;
      }
    }
  });
}

TEST(QuantizeToInt16Test, ErrsByHalfAStepAtMost) {
  ExpectErrorsOfHalfAStep(QuantizeToInt16, kLargestInt16);
}

TEST(QuantizeToInt16Test, NanIsKept) {
  ForEachHighwayTarget([] {
    std::vector<float> x(40, 1.0f);
    x[17] = std::numeric_limits<float>::quiet_NaN();
    std::vector<int16_t> y(40);
    EXPECT_TRUE(std::isnan(QuantizeToInt16(x.data(), x.size(), y.data())));
  });
}

TEST(QuantizeToInt8Test, ErrsByHalfAStepAtMost) { ExpectErrorsOfHalfAStep(QuantizeToInt8, 127); }

TEST(QuantizeToInt8Test, ZerosStayZeros) {
  ForEachHighwayTarget([] {
    const std::vector<float> x(20, 0.0f);
    std::vector<int8_t> y(20, 5);
    EXPECT_EQ(QuantizeToInt8(x.data(), x.size(), y.data()), 0);
    EXPECT_EQ(y, std::vector<int8_t>(20, 0));
  });
}

TEST(QuantizeToInt8Test, NanIsKept) {
  ForEachHighwayTarget([] {
    for (float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      for (size_t place : {0, 17, 39}) {
        std::vector<float> x(40, 1.0f);
        x[place] = bad;
        std::vector<int8_t> y(40);
        EXPECT_TRUE(std::isnan(QuantizeToInt8(x.data(), x.size(), y.data()))) << place;
      }
    }
  });
}

TEST(QuantizeToUint8Test, ErrsByHalfAStepAtMostWhereverTheRangeLies) {
  ForEachHighwayTarget([] {
    for (int size : {1, 7, 64, 77, 768}) {
      for (float offset : {0.0f, 2.5f, -2.5f, 30.0f, -30.0f}) {
        auto x = RandomNumbers(size, size, 5);
        for (float& value : x) value += offset;
        std::vector<uint8_t> y(size);
        const Quantization from = QuantizeToUint8(x.data(), x.size(), y.data());
        for (int i = 0; i < size; ++i) {
          EXPECT_LE(std::abs(x[i] - from.scale * (y[i] - from.zero_point)), from.scale * 0.501f)
              << i;
        }
        const auto [smallest, largest] = std::minmax_element(x.begin(), x.end());
        if (*smallest < 0) {
          EXPECT_EQ(y[smallest - x.begin()], 0);
        }
        if (*largest > 0) {
          EXPECT_EQ(y[largest - x.begin()], 255);
        }
      }
    }
  });
}

// There the zero point is rounded by half a step, and both ends of the range with it.
TEST(QuantizeToUint8Test, RangesWhoseZeroLiesBetweenTwoStepsKeepTheirEnds) {
  ForEachHighwayTarget([] {
    for (float below = 0.5f; below < 255; below += 1) {
      for (float shift : {-3e-5f, -1e-5f, 0.0f, 1e-5f, 3e-5f}) {
        for (float step : {1.0f, 0.013f, 7.3f}) {
          const std::vector<float> x = {-(below + shift) * step, 0, (255 - below - shift) * step};
          std::vector<uint8_t> y(x.size());
          const Quantization from = QuantizeToUint8(x.data(), x.size(), y.data());
          EXPECT_LE(y[0], 1) << below << " steps below zero, and " << shift;
          EXPECT_EQ(y[1], from.zero_point);
          EXPECT_GE(y[2], 254);
        }
      }
    }
  });
}

// As GELU's results are: the negative ones take no more of the 256 steps than they need.
TEST(QuantizeToUint8Test, OneSidedNumbersHaveTwiceTheStepsOfInt8) {
  ForEachHighwayTarget([] {
    auto x = RandomNumbers(768, 1, 5);
    for (float& value : x) value = std::max(value, 0.0f);
    std::vector<uint8_t> y(x.size());
    std::vector<int8_t> integers(x.size());
    const Quantization from = QuantizeToUint8(x.data(), x.size(), y.data());
    EXPECT_EQ(from.zero_point, 0);
    EXPECT_FLOAT_EQ(from.scale * 255, QuantizeToInt8(x.data(), x.size(), integers.data()) * 127);
  });
}

TEST(QuantizeToUint8Test, ZerosStayZeros) {
  ForEachHighwayTarget([] {
    for (float other : {0.0f, 1.0f, -3.0f}) {
      std::vector<float> x(20, 0.0f);
      x[3] = other;
      std::vector<uint8_t> y(20, 5);
      const Quantization from = QuantizeToUint8(x.data(), x.size(), y.data());
      for (int i : {0, 2, 4, 19}) EXPECT_EQ(y[i], from.zero_point) << other;
    }
  });
}

TEST(QuantizeToUint8Test, NanIsKept) {
  ForEachHighwayTarget([] {
    for (float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
          -std::numeric_limits<float>::infinity()}) {
      for (size_t place : {0, 17, 39}) {
        std::vector<float> x(40, 1.0f);
        x[place] = bad;
        std::vector<uint8_t> y(40);
        EXPECT_TRUE(std::isnan(QuantizeToUint8(x.data(), x.size(), y.data()).scale)) << place;
      }
    }
  });
}

}  // namespace
}  // namespace verdict
