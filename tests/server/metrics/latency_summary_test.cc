#include "server/metrics/latency_summary.h"

#include <cstddef>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::DoubleNear;
using ::testing::IsNan;

const std::vector<double> kQuantiles = {0.5, 0.99};

class LatencySummaryTest : public ::testing::Test {
 protected:
  prometheus::ClientMetric::Summary Collect() const { return summary_.Collect(now_, kQuantiles); }

  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  LatencySummary summary_;
};

TEST_F(LatencySummaryTest, HasEveryQuantileThatIsAskedForInTheirOrder) {
  for (int i = 1; i <= 1000; ++i) summary_.Observe(now_, absl::Milliseconds(i));
  const prometheus::ClientMetric::Summary summary = Collect();
  ASSERT_EQ(summary.quantile.size(), kQuantiles.size());
  for (size_t i = 0; i < kQuantiles.size(); ++i) {
    EXPECT_EQ(summary.quantile[i].quantile, kQuantiles[i]);
    EXPECT_THAT(summary.quantile[i].value, DoubleNear(kQuantiles[i], kQuantiles[i] * 0.01));
  }
}

TEST_F(LatencySummaryTest, ForgetsQuantilesButNotSumAndCount) {
  summary_.Observe(now_, absl::Milliseconds(500));
  summary_.Observe(now_, absl::Milliseconds(250));
  now_ += absl::Seconds(66);
  const prometheus::ClientMetric::Summary summary = Collect();
  for (const auto& quantile : summary.quantile) EXPECT_THAT(quantile.value, IsNan());
  EXPECT_EQ(summary.sample_count, 2);
  EXPECT_EQ(summary.sample_sum, 0.75);
}

TEST_F(LatencySummaryTest, LosesNothingBetweenThreads) {
  constexpr int kThreads = 4, kEach = 5000;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this] {
      for (int j = 0; j < kEach; ++j) {
        summary_.Observe(now_, absl::Milliseconds(250));
        if (j % 1000 == 0) Collect();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Collect().sample_count, kThreads * kEach);
  EXPECT_EQ(Collect().sample_sum, kThreads * kEach * 0.25);
}

}  // namespace
}  // namespace verdict
