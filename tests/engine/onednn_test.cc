#include "engine/onednn.h"

#include <algorithm>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

AlignedBuffer RandomNumbers(size_t size, int seed) {
  AlignedBuffer numbers(size);
  std::minstd_rand random(seed);
  std::normal_distribution<float> normal;
  std::generate_n(numbers.data(), size, [&] { return normal(random); });
  return numbers;
}

struct Shape {
  int in;
  int out;
};

class InnerProductTest : public ::testing::TestWithParam<Shape> {
 protected:
  void SetUp() override {
    auto product = InnerProduct::Create(in_, out_);
    ASSERT_TRUE(product.ok()) << product.status();
    product_ = *std::move(product);
    scratchpad_ = AlignedBuffer(product_->scratchpad_size());
  }

  const int in_ = GetParam().in;
  const int out_ = GetParam().out;
  std::shared_ptr<const InnerProduct> product_;
  AlignedBuffer scratchpad_;
};

TEST_P(InnerProductTest, EqualsThePlainProduct) {
  const AlignedBuffer x = RandomNumbers(size_t{InnerProduct::kMaxRows} * in_, 1);
  const AlignedBuffer weights = RandomNumbers(static_cast<size_t>(out_) * in_, 2);
  const AlignedBuffer packed = product_->Pack(weights.data());
  for (int rows : {1, 3, 17, 64}) {
    const int admitted = product_->AdmittedRows(rows);
    AlignedBuffer y(static_cast<size_t>(admitted) * out_);
    product_->Run(admitted, x.data(), packed, y.data(), scratchpad_.data());
    for (int row = 0; row < rows; ++row) {
      for (int column = 0; column < out_; ++column) {
        double expected = 0;
        for (int i = 0; i < in_; ++i) {
          expected += double{x.data()[row * in_ + i]} * weights.data()[column * in_ + i];
        }
        ASSERT_NEAR(y.data()[row * out_ + column], expected, 1e-4 * std::sqrt(in_))
            << "row " << row << " column " << column;
      }
    }
  }
}

TEST_P(InnerProductTest, AdmittedRowsAreTheSmallestThatFit) {
  int last = 1;
  for (int rows = 1; rows <= InnerProduct::kMaxRows; ++rows) {
    const int admitted = product_->AdmittedRows(rows);
    EXPECT_GE(admitted, rows);
    EXPECT_GE(admitted, last);
    EXPECT_EQ(product_->AdmittedRows(admitted), admitted);
    last = admitted;
  }
  EXPECT_EQ(last, InnerProduct::kMaxRows);
}

TEST_P(InnerProductTest, ARowHasTheSameBitsWhateverRowsAreWithIt) {
  constexpr int kRows = 100;
  const AlignedBuffer x = RandomNumbers(size_t{2 * kRows} * in_, 3);
  const AlignedBuffer packed = product_->Pack(RandomNumbers(size_t(out_) * in_, 4).data());
  AlignedBuffer alone(static_cast<size_t>(InnerProduct::kMaxRows) * out_);
  AlignedBuffer together(static_cast<size_t>(InnerProduct::kMaxRows) * out_);
  for (int row = 0; row < kRows; ++row) {
    const int one = product_->AdmittedRows(1);
    product_->Run(one, x.data() + row * in_, packed, alone.data(), scratchpad_.data());
    for (int before = 0; before <= std::min(row, 20); before += 4) {
      const int rows = product_->AdmittedRows(before + 1 + row % 30);
      product_->Run(rows, x.data() + (row - before) * in_, packed, together.data(),
                    scratchpad_.data());
      const float* found = together.data() + before * out_;
      ASSERT_TRUE(std::equal(found, found + out_, alone.data())) << "row " << row << " of " << rows;
    }
  }
}

// The panels of the full-size model, of the demo model, and odd ones.
INSTANTIATE_TEST_SUITE_P(Shapes, InnerProductTest,
                         ::testing::Values(Shape{768, 128}, Shape{3072, 64}, Shape{768, 16},
                                           Shape{128, 512}, Shape{120, 128}, Shape{40, 48},
                                           Shape{7, 16}),
                         [](const auto& info) {
                           return std::to_string(info.param.in) + "To" +
                                  std::to_string(info.param.out);
                         });

TEST(OneDnnTest, KernelsAreNamedAndNeverTheReference) {
  const auto product = InnerProduct::Create(768, 128);
  ASSERT_TRUE(product.ok());
  EXPECT_THAT((*product)->kernel(), Not(HasSubstr("ref")));
  EXPECT_FALSE((*product)->kernel().empty());
  EXPECT_FALSE(OneDnnIsa().empty());
}

}  // namespace
}  // namespace verdict
