#include "engine/kernels/row_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/fixtures/highway_targets.h"
#include "tests/engine/fixtures/random_numbers.h"

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
                           .y = {.floats = y.data(), .stride = bias.size()},
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

// Numbers, and their GELU by the plain formula.
struct GeluTable {
  GeluTable() {
    for (float value = -12; value <= 12; value += 0.001f) {
      x.push_back(value);
      gelu.push_back(static_cast<float>(PlainGelu(value)));
    }
  }
  std::vector<float> Apply(Epilogue epilogue) const {
    return verdict::Apply(epilogue, x, std::vector<float>(x.size(), 0.0f));
  }
  std::vector<float> x, gelu;
};

TEST(EpilogueTest, GeluIsTheOneWithErf) {
  const GeluTable table;
  ForEachHighwayTarget([&] {
    EXPECT_THAT(table.Apply(Epilogue::kBiasGelu), Pointwise(FloatNear(2e-6f), table.gelu));
  });
}

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// The other spellings of GELU, as transformers' ACT2FN defines them.
TEST(EpilogueTest, TheOtherActivationsAreTheirFormulas) {
  const GeluTable table;
  const auto expect = [&](Epilogue epilogue, double (*plain)(double)) {
    std::vector<float> expected;
    for (const float x : table.x) expected.push_back(static_cast<float>(plain(x)));
    EXPECT_THAT(table.Apply(epilogue), Pointwise(FloatNear(2e-6f), expected));
    for (const float far : {-1e30f, -200.0f, 200.0f, 1e30f}) {
      const float y = Apply(epilogue, {far}, {0}).front();
      // As GELU itself: Phi is off by 6e-8 where it should be 0.
      EXPECT_NEAR(y, plain(far), 1e-6 * std::abs(plain(far)) + 1e-7 * std::abs(far)) << far;
    }
    const float not_a_number = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(std::isnan(Apply(epilogue, {not_a_number}, {0}).front()));
  };
  ForEachHighwayTarget([&] {
    expect(Epilogue::kBiasGelu10, [](double x) { return std::min(PlainGelu(x), 10.0); });
    expect(Epilogue::kBiasGeluTanh, [](double x) {
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    });
    expect(Epilogue::kBiasQuickGelu, [](double x) { return x * Sigmoid(1.702 * x); });
    expect(Epilogue::kBiasSilu, [](double x) { return x * Sigmoid(x); });
    expect(Epilogue::kBiasTanh, [](double x) { return std::tanh(x); });
  });
}

TEST(EpilogueTest, RoughGeluIsOffByALittleAndNotAtAllFarFromZero) {
  const GeluTable table;
  ForEachHighwayTarget([&] {
    const std::vector<float> y = table.Apply(Epilogue::kBiasRoughGelu);
    EXPECT_THAT(y, Pointwise(FloatNear(2e-4f), table.gelu));
    for (size_t i = 0; i < y.size(); ++i) {
      const float x = table.x[i];
      if (std::abs(x) < 4.5f) continue;
      EXPECT_NEAR(y[i], table.gelu[i], 1e-6 * std::abs(x) + 3e-5) << x;
    }
    const float not_a_number = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(std::isnan(Apply(Epilogue::kBiasRoughGelu, {not_a_number}, {0}).front()));
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
                                    .y = {.floats = y.data(), .stride = kStride},
                                    .rows = kRows,
                                    .columns = kColumns});
    for (int i = 0; i < kStride * kRows; ++i) {
      EXPECT_EQ(y[i], i % kStride < kColumns ? 2.0f : -7.0f) << i;
    }
  });
}

TEST(EpilogueTest, IntegersAreScaledByRowAndColumnFromTheRowsZeroPoint) {
  ForEachHighwayTarget([] {
    const std::vector<int32_t> product = {1, 2, 3, 4, 5, 6};
    const std::vector<float> sums = {-1, 0, 5};
    const std::vector<Quantization> x = {{.scale = 0.5, .zero_point = 3}, {.scale = 2}};
    const std::vector<float> columns = {1, 10, 100}, bias = {0.25, 0, -1};
    std::vector<float> y(6);
    EpilogueTile tile = {.product = product.data(),
                         .product_stride = 3,
                         .x = x.data(),
                         .column_scales = columns.data(),
                         .column_sums = sums.data(),
                         .bias = bias.data(),
                         .y = {.floats = y.data(), .stride = 3},
                         .rows = 2,
                         .columns = 3};
    ApplyEpilogue(Epilogue::kBias, tile);
    EXPECT_EQ(y, (std::vector<float>{2.25, 10, -601, 8.25, 100, 1199}));
    tile.column_sums = nullptr;
    ApplyEpilogue(Epilogue::kBias, tile);
    EXPECT_EQ(y, (std::vector<float>{0.75, 10, 149, 8.25, 100, 1199}));
  });
}

TEST(EpilogueTest, FourPartsAreOneNumber) {
  ForEachHighwayTarget([] {
    constexpr int kRows = 2, kColumns = 19, kStride = 20;
    constexpr size_t kPart = 50;  // some numbers between the parts
    std::vector<int32_t> product(4 * kPart, 1 << 30);
    const auto numbers = RandomNumbers(4 * kRows * kColumns, 8, 1e6f);
    const std::vector<Quantization> x = {{.scale = 0x1p-40f}, {.scale = 3e-12f}};
    const auto column_scales = RandomNumbers(kColumns, 9), bias = RandomNumbers(kColumns, 10);
    std::vector<float> expected, y(kRows * kColumns);
    for (int row = 0, i = 0; row < kRows; ++row) {
      for (int column = 0; column < kColumns; ++column) {
        double sum = 0;
        for (int index = 0; index < 4; ++index) {
          int32_t& part = product[index * kPart + row * kStride + column];
          part = static_cast<int32_t>(numbers[i++]);
          sum = sum * 256 + part;
        }
        expected.push_back(
            static_cast<float>(sum * 256 * x[row].scale * column_scales[column] + bias[column]));
      }
    }
    ApplyEpilogue(Epilogue::kBias, {.product = product.data(),
                                    .product_stride = kStride,
                                    .parts = 4,
                                    .part_stride = kPart,
                                    .x = x.data(),
                                    .column_scales = column_scales.data(),
                                    .bias = bias.data(),
                                    .y = {.floats = y.data(), .stride = kColumns},
                                    .rows = kRows,
                                    .columns = kColumns});
    for (size_t i = 0; i < y.size(); ++i) {
      EXPECT_NEAR(y[i], expected[i], 1e-6 * std::abs(expected[i]) + 1e-7) << i;
    }
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
                                        .y = {.bf16s = y.data(), .stride = kColumns},
                                        .rows = kRows,
                                        .columns = kColumns});
    EXPECT_EQ(y, expected);
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

TEST(LayerNormTest, EpsilonIsAddedToTheVariance) {
  ForEachHighwayTarget([] {
    const std::vector<float> a = {1, -1}, zero(2), gain(2, 1.0f), bias(2);
    std::vector<float> y(2);
    AddLayerNorm(a.data(), zero.data(), {.gain = gain.data(), .bias = bias.data(), .epsilon = 3.0f},
                 2, y.data());
    EXPECT_EQ(y, (std::vector<float>{0.5f, -0.5f}));
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
