#include "engine/row_kernels.h"

#include <cmath>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::FloatNear;
using ::testing::Pointwise;

std::vector<float> RandomNumbers(size_t size, int seed, float scale = 1) {
  std::minstd_rand random(seed);
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> numbers(size);
  for (float& number : numbers) number = normal(random);
  return numbers;
}

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
  EXPECT_EQ(Apply(Epilogue::kBias, {1, 2, 3, 4, 5, 6}, {10, 20, 30}),
            (std::vector<float>{11, 22, 33, 14, 25, 36}));
}

TEST(EpilogueTest, ReluStopsAtZero) {
  EXPECT_EQ(Apply(Epilogue::kBiasRelu, {-1, 2, -3}, {0.5, -5, 4}), (std::vector<float>{0, 0, 1}));
}

TEST(EpilogueTest, GeluIsTheOneWithErf) {
  std::vector<float> x, expected;
  for (float value = -12; value <= 12; value += 0.001f) {
    x.push_back(value);
    expected.push_back(static_cast<float>(PlainGelu(value)));
  }
  const std::vector<float> zero_bias(x.size(), 0.0f);
  EXPECT_THAT(Apply(Epilogue::kBiasGelu, x, zero_bias), Pointwise(FloatNear(2e-6f), expected));
}

TEST(EpilogueTest, NothingIsTouchedPastTheColumns) {
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
}

TEST(LayerNormTest, EqualsThePlainFormulaAtEverySize) {
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
}

TEST(LayerNormTest, ResultMayReplaceASummand) {
  const auto a = RandomNumbers(40, 1), b = RandomNumbers(40, 2);
  const std::vector<float> gain(40, 1.0f), bias(40, 0.0f);
  std::vector<float> apart(40), in_place = b;
  AddLayerNorm(a.data(), b.data(), {gain.data(), bias.data()}, 40, apart.data());
  AddLayerNorm(a.data(), in_place.data(), {gain.data(), bias.data()}, 40, in_place.data());
  EXPECT_EQ(apart, in_place);
}

}  // namespace
}  // namespace verdict
