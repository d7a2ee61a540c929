#include "engine/kernels/panels/panel_packing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/kernels/panels/panel_product.h"
#include "engine/kernels/quantization.h"
#include "engine/memory/aligned_buffer.h"
#include "gtest/gtest.h"
#include "tests/engine/fixtures/highway_targets.h"
#include "tests/engine/fixtures/random_numbers.h"

namespace verdict {
namespace {

TEST(QuantizeForPanelTest, Int16ErrsByHalfAStepAtMost) {
  for (int in : {8, 768, 3072}) {
    for (float outlier : {0.0f, 5.0f, -50.0f}) {
      auto weights = RandomNumbers(in, 1);
      weights[7] += outlier;
      std::vector<int16_t> rounded(weights.size());
      const float scale = QuantizeForPanel(weights.data(), in, rounded.data());
      float largest = 0;
      for (int i = 0; i < in; ++i) {
        EXPECT_LE(std::abs(weights[i] - scale * rounded[i]), scale * 0.51f) << i;
        largest = std::max(largest, std::abs(weights[i]));
      }
      EXPECT_LE(scale, largest / 420) << "at least that many steps on either side";
    }
  }
}

// Equal weights and the largest x: the most that 32 bits can meet.
TEST(QuantizeForPanelTest, NoSumOfInt16OverflowsWhateverTheWeights) {
  ForEachHighwayTarget([] {
    for (int in : {2, 64, 3072, 8192}) {
      for (float sign : {1.0f, -1.0f}) {
        const std::vector<float> weights(in, sign * 0.3f);
        std::vector<int16_t> rounded(in);
        QuantizeForPanel(weights.data(), in, rounded.data());
        AlignedArray<std::byte> panel(PanelSize(Precision::kBf16, in));
        PackPanel(Precision::kBf16, rounded.data(), in, 1, panel.data());
        const std::vector<int16_t> x(in, kLargestInt16);
        int32_t y = 0;
        MultiplyPanels({.precision = Precision::kBf16,
                        .x = x.data(),
                        .x_stride = size_t(in),
                        .rows = 1,
                        .in = in,
                        .panels = panel.data(),
                        .panel_stride = size_t(in) * PanelColumns(),
                        .y = &y,
                        .y_stride = 1,
                        .columns = 1,
                        .to_fetch = {}});
        EXPECT_EQ(y, int64_t{in} * kLargestInt16 * rounded[0]) << in;
        EXPECT_NE(rounded[0], 0);
      }
    }
  });
}

TEST(QuantizeForPanelTest, ErrsByHalfAStepAtMost) {
  for (float outlier : {0.0f, 5.0f, -50.0f}) {
    auto weights = RandomNumbers(768, 1);
    weights[100] += outlier;
    std::vector<int8_t> rounded(weights.size());
    const float scale = QuantizeForPanel(weights.data(), 768, rounded.data());
    for (size_t i = 0; i < weights.size(); ++i) {
      EXPECT_LE(std::abs(weights[i] - scale * rounded[i]), scale * 0.5001f) << i;
    }
    const float plain = QuantizeToInt8(weights.data(), weights.size(), rounded.data());
    EXPECT_GE(scale, plain);
    EXPECT_LE(scale, 1.9f * plain);
  }
}

// Four of the largest weights beside each other and the largest x: the most that 16 bits can meet.
TEST(QuantizeForPanelTest, NoSumOverflowsWhateverTheWeights) {
  ForEachHighwayTarget([] {
    for (auto [even, odd] : {std::pair{1.0f, 1.0f}, {-1.0f, -1.0f}, {1.0f, -1.0f}, {1.0f, 0.49f}}) {
      std::vector<float> weights(64);
      for (size_t i = 0; i < weights.size(); ++i) weights[i] = i % 2 == 0 ? even : odd;
      std::vector<int8_t> rounded(weights.size());
      QuantizeForPanel(weights.data(), 64, rounded.data());
      AlignedArray<std::byte> panel(PanelSize(Precision::kInt8, 64));
      PackPanel(Precision::kInt8, rounded.data(), 64, 1, panel.data());
      const std::vector<uint8_t> x(64, 255);
      int32_t y = 0, expected = 0;
      for (int8_t weight : rounded) expected += 255 * weight;
      MultiplyPanels({.precision = Precision::kInt8,
                      .x = x.data(),
                      .x_stride = 64,
                      .rows = 1,
                      .in = 64,
                      .panels = panel.data(),
                      .panel_stride = 64 * size_t(PanelColumns()),
                      .y = &y,
                      .y_stride = 1,
                      .columns = 1,
                      .to_fetch = {}});
      EXPECT_EQ(y, expected) << even << ", " << odd;
    }
  });
}

TEST(QuantizeForPanelTest, ZerosStayZerosAndNanIsKept) {
  std::vector<float> weights(16);
  std::vector<int8_t> rounded(16, 5);
  EXPECT_EQ(QuantizeForPanel(weights.data(), 16, rounded.data()), 0);
  EXPECT_EQ(rounded, std::vector<int8_t>(16, 0));
  for (float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    weights[9] = bad;
    EXPECT_TRUE(std::isnan(QuantizeForPanel(weights.data(), 16, rounded.data())));
    std::vector<int16_t> rounded_to_16(16);
    EXPECT_TRUE(std::isnan(QuantizeForPanel(weights.data(), 16, rounded_to_16.data())));
  }
}

}  // namespace
}  // namespace verdict
