#include "engine/kernels/onednn/onednn.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "engine/kernels/quantization.h"
#include "engine/memory/aligned_buffer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/fixtures/random_numbers.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Shape {
  Precision precision;
  int in;
  int out;
};

// Numbers as a product in each precision takes them, and as they are.
struct Operand {
  Operand(Precision precision, int rows, int columns, int seed)
      : columns(columns), values(RandomNumbers(static_cast<size_t>(rows) * columns, seed)) {
    data = AlignedArray<std::byte>(values.size() * sizeof(float));
    if (precision == Precision::kF32) {
      row_size = columns * sizeof(float);
      std::memcpy(data.data(), values.data(), values.size() * sizeof(float));
    } else if (precision == Precision::kBf16) {
      row_size = columns * sizeof(Bf16);
      auto* rounded = reinterpret_cast<Bf16*>(data.data());
      RoundToBf16(values.data(), values.size(), rounded);
      for (size_t i = 0; i < values.size(); ++i) {
        values[i] = std::bit_cast<float>(uint32_t{rounded[i]} << 16);
      }
    } else {
      row_size = columns;
      auto* integers = reinterpret_cast<int8_t*>(data.data());
      QuantizeToInt8(values.data(), values.size(), integers);
      values.assign(integers, integers + values.size());
    }
  }

  const std::byte* row(int i) const { return data.data() + i * row_size; }

  int columns;
  std::vector<float> values;  // what the data stand for
  AlignedArray<std::byte> data;
  size_t row_size = 0;
};

class InnerProductTest : public ::testing::TestWithParam<Shape> {
 protected:
  void SetUp() override {
    if (!HasKernels(precision_)) {
      GTEST_SKIP() << "oneDNN has no kernels on this CPU for " << PrecisionName(precision_);
    }
    auto product = InnerProduct::Create(precision_, in_, out_);
    ASSERT_TRUE(product.ok()) << product.status();
    product_ = *std::move(product);
    workspace_ = product_->MakeWorkspace();
    packed_ = AlignedArray<std::byte>(product_->packed_size());
  }

  std::shared_ptr<const InnerProduct::Weights> Pack(const Operand& weights) {
    // Of float32, unless they are integers.
    const void* plain = precision_ == Precision::kInt8 ? static_cast<const void*>(weights.row(0))
                                                       : weights.values.data();
    return product_->Pack(plain, packed_.data());
  }

  // As numbers: sums of integers, too.
  std::vector<float> Run(int rows, const std::byte* x, const InnerProduct::Weights& weights) {
    const void* y = product_->Run(rows, x, weights, *workspace_);
    const size_t size = static_cast<size_t>(rows) * out_;
    if (precision_ == Precision::kInt8) {
      const auto* sums = static_cast<const int32_t*>(y);
      return {sums, sums + size};
    }
    const auto* sums = static_cast<const float*>(y);
    return {sums, sums + size};
  }

  const Precision precision_ = GetParam().precision;
  const int in_ = GetParam().in;
  const int out_ = GetParam().out;
  std::shared_ptr<const InnerProduct> product_;
  std::shared_ptr<InnerProduct::Workspace> workspace_;
  AlignedArray<std::byte> packed_;
};

TEST_P(InnerProductTest, EqualsThePlainProduct) {
  const Operand x(precision_, InnerProduct::kMaxRows, in_, 1);
  const Operand weights(precision_, out_, in_, 2);
  const auto packed = Pack(weights);
  // Integers are exact until float's 24 bits, which these sums stay within.
  const double tolerance = precision_ == Precision::kInt8 ? 0 : 1e-4 * std::sqrt(in_);
  for (int rows : {1, 3, 17, 64}) {
    const std::vector<float> y = Run(product_->AdmittedRows(rows), x.row(0), *packed);
    for (int row = 0; row < rows; ++row) {
      for (int column = 0; column < out_; ++column) {
        double expected = 0;
        for (int i = 0; i < in_; ++i) {
          expected += double{x.values[row * in_ + i]} * weights.values[column * in_ + i];
        }
        ASSERT_NEAR(y[row * out_ + column], expected, tolerance)
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
  const Operand x(precision_, 2 * kRows, in_, 3);
  const auto packed = Pack(Operand(precision_, out_, in_, 4));
  const int one = product_->AdmittedRows(1);
  for (int row = 0; row < kRows; ++row) {
    const std::vector<float> alone = Run(one, x.row(row), *packed);
    for (int before = 0; before <= std::min(row, 20); before += 4) {
      const int rows = product_->AdmittedRows(before + 1 + row % 30);
      const std::vector<float> together = Run(rows, x.row(row - before), *packed);
      ASSERT_TRUE(std::equal(alone.begin(), alone.begin() + out_,
                             together.begin() + static_cast<size_t>(before) * out_))
          << "row " << row << " of " << rows;
    }
  }
}

// The panels of the full-size model, of the demo model, and odd ones; in bf16 and int8 rows are
// filled up to 64.
INSTANTIATE_TEST_SUITE_P(
    Shapes, InnerProductTest,
    ::testing::Values(Shape{Precision::kF32, 768, 128}, Shape{Precision::kF32, 3072, 64},
                      Shape{Precision::kF32, 128, 80}, Shape{Precision::kF32, 33, 16},
                      Shape{Precision::kBf16, 768, 128}, Shape{Precision::kBf16, 3072, 64},
                      Shape{Precision::kBf16, 128, 80}, Shape{Precision::kBf16, 64, 16},
                      Shape{Precision::kInt8, 768, 128}, Shape{Precision::kInt8, 3072, 64},
                      Shape{Precision::kInt8, 128, 80}, Shape{Precision::kInt8, 64, 16}),
    [](const auto& info) {
      return std::string(PrecisionName(info.param.precision)) + "From" +
             std::to_string(info.param.in) + "To" + std::to_string(info.param.out);
    });

TEST(OneDnnTest, KernelsAreNamedAndNeverTheReference) {
  for (Precision precision : {Precision::kF32, Precision::kBf16, Precision::kInt8}) {
    if (!HasKernels(precision)) continue;
    const auto product = InnerProduct::Create(precision, 768, 128);
    ASSERT_TRUE(product.ok()) << product.status();
    EXPECT_THAT((*product)->kernel(), Not(HasSubstr("ref")));
    EXPECT_FALSE((*product)->kernel().empty());
  }
  EXPECT_FALSE(OneDnnIsa().empty());
}

}  // namespace
}  // namespace verdict
