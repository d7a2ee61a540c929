#include "engine/kernels/backends.h"

#include <algorithm>

#include "engine/kernels/onednn/onednn.h"
#include "engine/kernels/tiles/tile_product.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/fixtures/every_backend.h"

namespace verdict {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(BackendsTest, TilesServeWhereTheyAreAndOneDnnWhereItIsFast) {
  for (Precision precision : {Precision::kF32, Precision::kBf16, Precision::kInt8}) {
    const auto backend = AllBackends().Choose(precision, kAutoKernels);
    ASSERT_TRUE(backend.ok()) << backend.status();
    EXPECT_EQ(backend->precision, precision);
    EXPECT_EQ(backend->name == "tiles", HasTiles());
    if (HasTiles()) continue;
    EXPECT_EQ(backend->name == "onednn", HasFastKernels(precision));
  }
}

TEST(BackendsTest, ABackendSaysWhatItIs) {
  for (const NamedBackend& named : kEveryBackend) {
    if (!Runs(named)) continue;
    const auto backend = Make(named);
    EXPECT_EQ(backend->precision(), named.precision);
    ASSERT_TRUE(backend->Pack(std::vector<float>(64 * 64), 64, 64).ok());
    EXPECT_THAT(backend->kernels(), HasSubstr(std::string(named.name) + ":"));
  }
}

TEST(BackendsTest, KernelsThatTheCpuLacksAreRefusedWithThoseThatItHas) {
  BackendTable table = AllBackends();
  for (Backend& backend : table.rows) {
    if (backend.name == "tiles") backend.available = [] { return false; };
  }
  const auto refused = table.Choose(Precision::kF32, "tiles");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.status().message()),
              AllOf(HasSubstr("'tiles' cannot compute f32 on this CPU"),
                    HasSubstr("those that can are panels, onednn")));
}

TEST(BackendsTest, NamesAreAutoAndTheTables) {
  EXPECT_EQ(kAllKernelNames.front(), kAutoKernels);
  for (const Backend& backend : AllBackends().rows) {
    EXPECT_THAT(kAllKernelNames, Contains(backend.name));
  }
  EXPECT_THAT(kAllKernelNames, Not(Contains("highway")));
}

}  // namespace
}  // namespace verdict
