#include "server/log/line_limit.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace verdict {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'000'000);

TEST(LineLimitTest, OnePlaceHasFiveLinesASecondAndLeavesRoomForOthers) {
  LineLimit limit;
  int passed = 0;
  for (int i = 0; i < 1000; ++i) passed += limit.Decide(1, kStart).pass ? 1 : 0;
  EXPECT_EQ(passed, 5);
  EXPECT_EQ(limit.left_out(), 995U);
  EXPECT_TRUE(limit.Decide(2, kStart).pass);
}

// In any second, not only in one that begins with a full second.
TEST(LineLimitTest, NoSecondHasMoreThanTenLinesReportsIncluded) {
  LineLimit limit;
  std::vector<absl::Time> lines;
  for (int i = 0; i < 20'000; ++i) {
    const absl::Time now = kStart + absl::Milliseconds(i);
    const LineLimit::Decision decision = limit.Decide(i % 7, now);
    if (decision.report > 0) lines.push_back(now);
    if (decision.pass) lines.push_back(now);
  }
  EXPECT_GE(lines.size(), 150U);
  for (size_t i = LineLimit::kLines; i < lines.size(); ++i) {
    EXPECT_GE(lines[i] - lines[i - LineLimit::kLines], absl::Seconds(1));
  }
}

TEST(LineLimitTest, EveryLinePassesOrIsReported) {
  LineLimit limit;
  uint64_t passed = 0;
  uint64_t reported = 0;
  for (int i = 0; i < 10'000; ++i) {
    const LineLimit::Decision decision = limit.Decide(i % 3, kStart + absl::Milliseconds(i));
    passed += decision.pass ? 1 : 0;
    reported += decision.report;
  }
  EXPECT_GT(reported, 0U);
  reported += limit.TakeUnreported();
  EXPECT_EQ(passed + reported, 10'000U);
  EXPECT_EQ(limit.left_out(), reported);
  EXPECT_EQ(limit.TakeUnreported(), 0U);
}

TEST(LineLimitTest, FewLinesAllPassWithoutAReport) {
  LineLimit limit;
  for (int i = 0; i < 100; ++i) {
    const LineLimit::Decision decision = limit.Decide(1, kStart + absl::Milliseconds(250 * i));
    EXPECT_TRUE(decision.pass);
    EXPECT_EQ(decision.report, 0U);
  }
}

}  // namespace
}  // namespace verdict
