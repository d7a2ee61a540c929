#include "engine/layers/linear.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/engine/fixtures/every_backend.h"
#include "tests/engine/fixtures/random_numbers.h"

namespace verdict {
namespace {

// A layer with random weights and the rows of an input, run by some threads.
struct Case {
  Case(NamedBackend kind, int in, int out, int rows = kRows)
      : kind(kind),
        in(in),
        out(out),
        weights(RandomNumbers(size_t(in) * out, 1)),
        bias(RandomNumbers(out, 2)),
        numbers(RandomNumbers(size_t(rows) * in, 3)) {}

  std::vector<float> Run(int threads, int first_row, int rows) const {
    const std::unique_ptr<ProductBackend> backend = Make(kind);
    const auto linear = Linear::Create(*backend, weights, bias);
    EXPECT_TRUE(linear.ok()) << linear.status();
    Rows x(backend->rows(), rows, in);
    for (int row = 0; row < rows; ++row) {
      std::copy_n(numbers.begin() + (first_row + row) * in, in, x.row(row));
      x.Round(row);
    }
    Workers workers(threads);
    LinearScratch scratch(threads, /*times_products=*/false);
    scratch.Reserve(backend.get());
    std::vector<float> y(size_t(rows) * out);
    linear->Run({.x = x.Rounded(rows), .y = {.floats = y.data(), .stride = size_t(out)}}, workers,
                scratch);
    return y;
  }

  static constexpr int kRows = 400;
  NamedBackend kind;
  int in;
  int out;
  std::vector<float> weights, bias, numbers;
};

class LinearTest : public ::testing::TestWithParam<NamedBackend> {
 protected:
  void SetUp() override {
    if (!Runs(GetParam())) {
      GTEST_SKIP() << "this CPU has no instructions for " << NameOf(GetParam());
    }
  }

  // How far a product of two random numbers may be off.
  static double ErrorOfAProduct() {
    switch (GetParam().precision) {
      case Precision::kF32:
        return 1e-5;
      case Precision::kBf16:
        return 1.0 / 256;  // each factor by half of a 256th
      case Precision::kInt8:
        return 4.0 / 127;  // each factor by half of a 127th of the largest
    }
    return 0;
  }
};

TEST_P(LinearTest, EqualsThePlainFormulaAtEveryWidth) {
  for (auto [in, out] : {std::pair{40, 1}, {40, 2}, {33, 97}, {768, 300}, {3072, 70}, {4200, 33}}) {
    const Case layer(GetParam(), in, out);
    const std::vector<float> y = layer.Run(2, 0, 70);
    double squares = 0;
    int count = 0;
    for (int row : {0, 1, 63, 64, 69}) {
      for (int column = 0; column < out; ++column, ++count) {
        double expected = layer.bias[column];
        for (int i = 0; i < in; ++i) {
          expected += double{layer.numbers[row * in + i]} * layer.weights[column * in + i];
        }
        const double error = y[row * out + column] - expected;
        squares += error * error;
        ASSERT_LT(std::abs(error), 5 * ErrorOfAProduct() * std::sqrt(in))
            << in << " -> " << out << ", row " << row << ", column " << column;
      }
    }
    EXPECT_LT(std::sqrt(squares / count), ErrorOfAProduct() * std::sqrt(in));
  }
}

TEST_P(LinearTest, TheLargestSumsDoNotOverflow) {
  for (float number : {1.0f, -1.0f}) {
    Case layer(GetParam(), kMaxIn, 2, /*rows=*/1);
    std::fill(layer.weights.begin(), layer.weights.end(), 1.0f);
    std::fill(layer.numbers.begin(), layer.numbers.end(), number);
    // In 16 bits such weights get a coarse scale, as all of them are the largest.
    for (float y : layer.Run(1, 0, 1)) EXPECT_NEAR(y, number * kMaxIn, 0.05 * kMaxIn);
  }
}

// The root of the mean of the squared errors.
double Error(const Case& layer, int rows) {
  const std::vector<float> y = layer.Run(1, 0, rows);
  double squares = 0;
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < layer.out; ++column) {
      double expected = layer.bias[column];
      for (int i = 0; i < layer.in; ++i) {
        expected +=
            double{layer.numbers[row * layer.in + i]} * layer.weights[column * layer.in + i];
      }
      squares += std::pow(y[row * layer.out + column] - expected, 2);
    }
  }
  return std::sqrt(squares / (rows * layer.out));
}

TEST(LinearInFloat32Test, TilesAreAsExactAsFloat32) {
  if (!Runs({"tiles", Precision::kF32}))
    GTEST_SKIP() << "this CPU has no AMX, or oneDNN may not use it";
  // In short sums float32 has little to round off.
  for (auto [in, most] : {std::pair{64, 2.5}, {768, 1.0}, {3072, 1.0}}) {
    for (float outlier : {1.0f, 5.0f, 50.0f}) {
      Case tiles({"tiles", Precision::kF32}, in, 100);
      // In every row and every column one number is far from the others.
      for (int row = 0; row < Case::kRows; ++row) tiles.numbers[row * in + row % in] *= outlier;
      for (int column = 0; column < 100; ++column) {
        tiles.weights[column * in + column % in] *= outlier;
      }
      Case panels = tiles;
      panels.kind = {"panels", Precision::kF32};
      EXPECT_LE(Error(tiles, 64), most * Error(panels, 64)) << in << ", " << outlier;
    }
  }
}

TEST_P(LinearTest, ARowHasTheSameBitsWhateverRowsAndThreadsAreWithIt) {
  for (auto [in, out] : {std::pair{768, 200}, {120, 6}, {1100, 70}, {3072, 40}}) {
    const Case layer(GetParam(), in, out);
    const std::vector<float> all = layer.Run(1, 0, Case::kRows);
    for (int threads : {1, 2, 3}) {
      for (auto [first, rows] : {std::pair{0, 1}, {7, 5}, {63, 2}, {1, 149}, {100, 300}}) {
        const std::vector<float> some = layer.Run(threads, first, rows);
        EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin() + first * out))
            << rows << " rows from " << first << ", " << threads << " threads";
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, LinearTest, ::testing::ValuesIn(kEveryBackend),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace verdict
