#include "engine/linear.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace verdict {
namespace {

std::vector<float> RandomNumbers(size_t size, int seed) {
  std::minstd_rand random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> numbers(size);
  for (float& number : numbers) number = normal(random);
  return numbers;
}

// A layer with random weights and the rows of an input, run by some threads.
struct Case {
  Case(int in, int out)
      : in(in),
        out(out),
        weights(RandomNumbers(size_t(in) * out, 1)),
        bias(RandomNumbers(out, 2)),
        x(size_t(kRows + InnerProduct::kMaxRows) * in) {
    const auto numbers = RandomNumbers(size_t(kRows) * in, 3);
    std::copy(numbers.begin(), numbers.end(), x.data());
  }

  std::vector<float> Run(int threads, int first_row, int rows) const {
    InnerProductCache products;
    const auto linear = Linear::Create(products, weights, bias);
    EXPECT_TRUE(linear.ok()) << linear.status();
    Workers workers(threads);
    LinearScratch scratch(threads);
    linear->Reserve(scratch);
    std::vector<float> y(size_t(rows) * out);
    linear->Run(
        {.x = x.data() + first_row * in, .rows = rows, .y = y.data(), .y_stride = size_t(out)},
        workers, scratch);
    return y;
  }

  static constexpr int kRows = 150;
  int in;
  int out;
  std::vector<float> weights, bias;
  AlignedBuffer x;
};

TEST(LinearTest, EqualsThePlainFormulaAtEveryWidth) {
  for (auto [in, out] : {std::pair{40, 1}, {40, 2}, {33, 97}, {768, 300}, {3072, 70}}) {
    const Case layer(in, out);
    const std::vector<float> y = layer.Run(2, 0, 70);
    for (int row : {0, 1, 63, 64, 69}) {
      for (int column = 0; column < out; ++column) {
        double expected = layer.bias[column];
        for (int i = 0; i < in; ++i) {
          expected += double{layer.x.data()[row * in + i]} * layer.weights[column * in + i];
        }
        ASSERT_NEAR(y[row * out + column], expected, 1e-4 * std::sqrt(in))
            << in << " -> " << out << ", row " << row << ", column " << column;
      }
    }
  }
}

TEST(LinearTest, ARowHasTheSameBitsWhateverRowsAndThreadsAreWithIt) {
  for (auto [in, out] : {std::pair{768, 200}, {120, 6}}) {
    const Case layer(in, out);
    const std::vector<float> all = layer.Run(1, 0, Case::kRows);
    for (int threads : {1, 2, 3}) {
      for (auto [first, rows] : {std::pair{0, 1}, {7, 5}, {63, 2}, {1, 149}, {100, 30}}) {
        const std::vector<float> some = layer.Run(threads, first, rows);
        EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin() + first * out))
            << rows << " rows from " << first << ", " << threads << " threads";
      }
    }
  }
}

}  // namespace
}  // namespace verdict
