#include "engine/kernels/oracle.h"

#include <vector>

#include "engine/kernels/backends.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/fixtures/broken_backend.h"
#include "tests/engine/fixtures/every_backend.h"
#include "tests/engine/fixtures/random_numbers.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

absl::Status Checked(ProductBackend& backend, const std::vector<float>& weights, int in, int out) {
  const auto packed = backend.Pack(weights, in, out);
  EXPECT_TRUE(packed.ok()) << packed.status();
  Oracle oracle;
  return oracle.Check(backend, **packed, weights, in, out);
}

class OracleTest : public ::testing::TestWithParam<NamedBackend> {
 protected:
  void SetUp() override {
    if (!Runs(GetParam())) GTEST_SKIP() << "this CPU does not have " << NameOf(GetParam());
  }
};

TEST_P(OracleTest, AgreesWithEveryBackendAtEveryShape) {
  const auto backend = Make(GetParam());
  for (auto [in, out] : {std::pair{40, 1}, {33, 97}, {768, 300}, {3072, 70}, {4200, 33}}) {
    const auto weights = RandomNumbers(size_t(in) * out, 1, 0.02F);
    EXPECT_TRUE(Checked(*backend, weights, in, out).ok()) << Checked(*backend, weights, in, out);
  }
}

TEST_P(OracleTest, OutliersAmongTheWeightsAreNoFault) {
  const auto backend = Make(GetParam());
  constexpr int kIn = 768, kOut = 96;
  for (float outlier : {10.0F, 100.0F, 1000.0F}) {
    auto weights = RandomNumbers(kIn * kOut, 1, 0.02F);
    for (int column = 0; column < kOut; ++column) weights[column * kIn + column] *= outlier;
    EXPECT_TRUE(Checked(*backend, weights, kIn, kOut).ok())
        << outlier << ": " << Checked(*backend, weights, kIn, kOut);
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, OracleTest, ::testing::ValuesIn(kEveryBackend),
                         [](const auto& info) { return NameOf(info.param); });

TEST(OracleOfBrokenKernelsTest, AKernelThatIsBrokenIsCaught) {
  for (Precision precision : {Precision::kF32, Precision::kBf16, Precision::kInt8}) {
    BrokenBackend backend(precision);
    const absl::Status status = Checked(backend, RandomNumbers(64 * 96, 1, 0.02F), 64, 96);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("the kernels broken:kernel compute wrongly in"));
  }
}

TEST(OracleOfBrokenKernelsTest, EachShapeIsCheckedOnce) {
  const auto backend = MakePanelsBackend(Precision::kF32);
  const std::vector<float> weights(64 * 32, 1);
  const auto packed = backend->Pack(weights, 64, 32);
  ASSERT_TRUE(packed.ok());
  Oracle oracle;
  EXPECT_TRUE(oracle.Check(*backend, **packed, weights, 64, 32).ok());
  const auto first = oracle.time();
  EXPECT_GT(first, std::chrono::nanoseconds(0));
  EXPECT_TRUE(oracle.Check(*backend, **packed, weights, 64, 32).ok());
  EXPECT_EQ(oracle.time(), first);
}

}  // namespace
}  // namespace verdict
