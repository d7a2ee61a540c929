#include "engine/row_kernels.h"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/highway_targets.h"
#include "tests/engine/random_numbers.h"

namespace verdict {
namespace {

using ::testing::FloatNear;
using ::testing::Pointwise;

double PlainGelu(double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }

std::vector<float> Apply(Epilogue epilogue, const std::vector<float>& product,
                         const std::vector<float>& bias) {
  std::vector<float> y(product.size());
  ApplyEpilogue(epilogue, {.product = product.data(),
                           .product_stride = bias.size(),
                           .bias = bias.data(),
                           .y = y.data(),
                           .y_stride = bias.size(),
                           .rows = static_cast<int>(product.size() / bias.size()),
                           .columns = static_cast<int>(bias.size())});
  return y;
}

TEST(EpilogueTest, BiasIsAddedToEveryRow) {
  ForEachHighwayTarget([] {
    EXPECT_EQ(Apply(Epilogue::kBias, {1, 2, 3, 4, 5, 6}, {10, 20, 30}),
              (std::vector<float>{11, 22, 33, 14, 25, 36}));
  });
}

TEST(EpilogueTest, ReluStopsAtZero) {
  ForEachHighwayTarget([] {
    EXPECT_EQ(Apply(Epilogue::kBiasRelu, {-1, 2, -3}, {0.5, -5, 4}), (std::vector<float>{0, 0, 1}));
  });
}

TEST(EpilogueTest, GeluIsTheOneWithErf) {
  ForEachHighwayTarget([] {
    std::vector<float> x, expected;
    for (float value = -12; value <= 12; value += 0.001f) {
      x.push_back(value);
      expected.push_back(static_cast<float>(PlainGelu(value)));
    }
    const std::vector<float> zero_bias(x.size(), 0.0f);
    EXPECT_THAT(Apply(Epilogue::kBiasGelu, x, zero_bias), Pointwise(FloatNear(2e-6f), expected));
  });
}

TEST(EpilogueTest, NothingIsTouchedPastTheColumns) {
  ForEachHighwayTarget([] {
    constexpr int kColumns = 13, kStride = 20, kRows = 3;
    const std::vector<float> product(kStride * kRows, 1.0f);
    const std::vector<float> bias(kColumns, 1.0f);
    std::vector<float> y(kStride * kRows, -7.0f);
    ApplyEpilogue(Epilogue::kBias, {.product = product.data(),
                                    .product_stride = kStride,
                                    .bias = bias.data(),
                                    .y = y.data(),
                                    .y_stride = kStride,
                                    .rows = kRows,
                                    .columns = kColumns});
    for (int i = 0; i < kStride * kRows; ++i) {
      EXPECT_EQ(y[i], i % kStride < kColumns ? 2.0f : -7.0f) << i;
    }
  });
}

TEST(EpilogueTest, IntegersAreScaledByRowAndColumnFromTheRowsZeroPoint) {
  ForEachHighwayTarget([] {
    const std::vector<int32_t> product = {1, 2, 3, 4, 5, 6}, sums = {-1, 0, 5};
    const std::vector<Quantization> x = {{.scale = 0.5, .zero_point = 3}, {.scale = 2}};
    const std::vector<float> columns = {1, 10, 100}, bias = {0.25, 0, -1};
    std::vector<float> y(6);
    EpilogueTile tile = {.product = product.data(),
                         .product_stride = 3,
                         .x = x.data(),
                         .column_scales = columns.data(),
                         .column_sums = sums.data(),
                         .bias = bias.data(),
                         .y = y.data(),
                         .y_stride = 3,
                         .rows = 2,
                         .columns = 3};
    ApplyEpilogue(Epilogue::kBias, tile);
    EXPECT_EQ(y, (std::vector<float>{2.25, 10, -601, 8.25, 100, 1199}));
    tile.column_sums = nullptr;
    ApplyEpilogue(Epilogue::kBias, tile);
    EXPECT_EQ(y, (std::vector<float>{0.75, 10, 149, 8.25, 100, 1199}));
  });
}

TEST(EpilogueTest, Bf16IsTheRoundedFloat32) {
  ForEachHighwayTarget([] {
    constexpr int kRows = 3, kColumns = 37;
    const auto product = RandomNumbers(kRows * kColumns, 5, 3), bias = RandomNumbers(kColumns, 6);
    const std::vector<float> wide = Apply(Epilogue::kBiasGelu, product, bias);
    std::vector<Bf16> expected(wide.size()), y(wide.size());
    RoundToBf16(wide.data(), wide.size(), expected.data());
    ApplyEpilogue(Epilogue::kBiasGelu, {.product = product.data(),
                                        .product_stride = kColumns,
                                        .bias = bias.data(),
                                        .y_bf16 = y.data(),
                                        .y_stride = kColumns,
                                        .rows = kRows,
                                        .columns = kColumns});
    EXPECT_EQ(y, expected);
  });
}

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

TEST(QuantizeToInt16Test, ErrsByHalfAStepAtMost) {
  ForEachHighwayTarget([] {
    for (int size : {1, 7, 64, 120, 768}) {
      const auto x = RandomNumbers(size, size, 5);
      std::vector<int16_t> y(size);
      const float scale = QuantizeToInt16(x.data(), x.size(), y.data());
      int largest = 0;
      for (int i = 0; i < size; ++i) {
        EXPECT_LE(std::abs(x[i] - scale * y[i]), scale * 0.501f) << i;
        largest = std::max(largest, std::abs(int{y[i]}));
      }
      EXPECT_EQ(largest, kLargestInt16) << "the whole range is used";
    }
  });
}

TEST(QuantizeToInt16Test, WhatIsNoNumberIsNotLost) {
  ForEachHighwayTarget([] {
    std::vector<float> x(40, 1.0f);
    x[17] = std::numeric_limits<float>::quiet_NaN();
    std::vector<int16_t> y(40);
    EXPECT_TRUE(std::isnan(QuantizeToInt16(x.data(), x.size(), y.data())));
  });
}

TEST(QuantizeToInt8Test, ErrsByHalfAStepAtMost) {
  ForEachHighwayTarget([] {
    for (int size : {1, 7, 64, 120, 768}) {
      const auto x = RandomNumbers(size, size, 5);
      std::vector<int8_t> y(size);
      const float scale = QuantizeToInt8(x.data(), x.size(), y.data());
      int largest = 0;
      for (int i = 0; i < size; ++i) {
        EXPECT_LE(std::abs(x[i] - scale * y[i]), scale * 0.5001f) << i;
        largest = std::max(largest, std::abs(int{y[i]}));
      }
      EXPECT_EQ(largest, 127) << "the whole range is used";
    }
  });
}

TEST(QuantizeToInt8Test, ZerosStayZeros) {
  ForEachHighwayTarget([] {
    const std::vector<float> x(20, 0.0f);
    std::vector<int8_t> y(20, 5);
    EXPECT_EQ(QuantizeToInt8(x.data(), x.size(), y.data()), 0);
    EXPECT_EQ(y, std::vector<int8_t>(20, 0));
  });
}

TEST(QuantizeToInt8Test, WhatIsNoNumberIsNotLost) {
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

TEST(QuantizeToUint8Test, WhatIsNoNumberIsNotLost) {
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

TEST(LayerNormTest, EqualsThePlainFormulaAtEverySize) {
  ForEachHighwayTarget([] {
    for (int dim : {1, 2, 7, 8, 15, 40, 120, 128, 768}) {
      const auto a = RandomNumbers(dim, 1, 3), b = RandomNumbers(dim, 2);
      const auto gain = RandomNumbers(dim, 3), bias = RandomNumbers(dim, 4);
      double mean = 0, variance = 0;
      for (int i = 0; i < dim; ++i) mean += (double{a[i]} + b[i]) / dim;
      for (int i = 0; i < dim; ++i) variance += std::pow(double{a[i]} + b[i] - mean, 2) / dim;
      std::vector<float> expected(dim), y(dim);
      for (int i = 0; i < dim; ++i) {
        expected[i] = static_cast<float>(
            (double{a[i]} + b[i] - mean) / std::sqrt(variance + 1e-12) * gain[i] + bias[i]);
      }
      AddLayerNorm(a.data(), b.data(), {.gain = gain.data(), .bias = bias.data()}, dim, y.data());
      EXPECT_THAT(y, Pointwise(FloatNear(5e-6f), expected)) << dim;
    }
  });
}

TEST(LayerNormTest, ResultMayReplaceASummand) {
  ForEachHighwayTarget([] {
    const auto a = RandomNumbers(40, 1), b = RandomNumbers(40, 2);
    const std::vector<float> gain(40, 1.0f), bias(40, 0.0f);
    std::vector<float> apart(40), in_place = b;
    AddLayerNorm(a.data(), b.data(), {gain.data(), bias.data()}, 40, apart.data());
    AddLayerNorm(a.data(), in_place.data(), {gain.data(), bias.data()}, 40, in_place.data());
    EXPECT_EQ(apart, in_place);
  });
}

}  // namespace
}  // namespace verdict
