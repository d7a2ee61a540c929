#include "latency/histogram.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

constexpr double kRelativeError = 1.0 / 128;

TEST(LatencyHistogramTest, EmptyHasNeitherQuantileNorMean) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0);
  EXPECT_TRUE(std::isnan(histogram.QuantileInSeconds(0.5)));
  EXPECT_TRUE(std::isnan(histogram.MinInSeconds()));
  EXPECT_TRUE(std::isnan(histogram.MeanInSeconds()));
  EXPECT_TRUE(std::isnan(histogram.MaxInSeconds()));
}

TEST(LatencyHistogramTest, ErrorIsBoundedAtEveryMagnitudeAndBucketEdge) {
  for (int bits = 1; bits < 42; ++bits) {
    for (int64_t offset : {-1, 0, 1}) {
      // The far ends are there so that the quantile is a bucket's, not the exact maximum.
      LatencyHistogram histogram;
      const int64_t nanoseconds = (int64_t{1} << bits) + offset;
      histogram.Observe(absl::ZeroDuration());
      histogram.Observe(absl::Nanoseconds(nanoseconds));
      histogram.Observe(absl::InfiniteDuration());
      const double exact = static_cast<double>(nanoseconds) * 1e-9;
      EXPECT_NEAR(histogram.QuantileInSeconds(0.5), exact, exact * kRelativeError + 1e-20);
    }
  }
}

TEST(LatencyHistogramTest, CountMeanAndEndsAreExact) {
  LatencyHistogram histogram;
  for (int milliseconds : {20, 10, 60}) histogram.Observe(absl::Milliseconds(milliseconds));
  EXPECT_EQ(histogram.count(), 3);
  EXPECT_DOUBLE_EQ(histogram.MinInSeconds(), 0.010);
  EXPECT_DOUBLE_EQ(histogram.MeanInSeconds(), 0.030);
  EXPECT_DOUBLE_EQ(histogram.MaxInSeconds(), 0.060);
  EXPECT_DOUBLE_EQ(histogram.QuantileInSeconds(1), 0.060);
  EXPECT_NEAR(histogram.QuantileInSeconds(0.5), 0.020, 0.020 * kRelativeError);
}

TEST(LatencyHistogramTest, AddedUpIsTheSameAsObservedTogether) {
  std::mt19937 random(7);
  std::lognormal_distribution<double> seconds(-4, 2);
  std::vector<LatencyHistogram> parts(3);
  LatencyHistogram whole;
  for (int i = 0; i < 10'000; ++i) {
    const absl::Duration duration = absl::Seconds(seconds(random));
    parts[i % parts.size()].Observe(duration);
    whole.Observe(duration);
  }
  LatencyHistogram sum;
  sum.Add(LatencyHistogram());
  for (const LatencyHistogram& part : parts) sum.Add(part);
  EXPECT_EQ(sum.count(), whole.count());
  EXPECT_EQ(sum.MinInSeconds(), whole.MinInSeconds());
  EXPECT_EQ(sum.MaxInSeconds(), whole.MaxInSeconds());
  EXPECT_NEAR(sum.MeanInSeconds(), whole.MeanInSeconds(), 1e-12);
  for (double quantile : {0.0001, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    EXPECT_EQ(sum.QuantileInSeconds(quantile), whole.QuantileInSeconds(quantile)) << quantile;
  }
}

TEST(LatencyHistogramTest, ClearedIsAsNew) {
  LatencyHistogram histogram;
  histogram.Observe(absl::Seconds(1));
  histogram.Clear();
  EXPECT_EQ(histogram.count(), 0);
  histogram.Observe(absl::Milliseconds(5));
  EXPECT_DOUBLE_EQ(histogram.QuantileInSeconds(0.001), 0.005);
  EXPECT_DOUBLE_EQ(histogram.MeanInSeconds(), 0.005);
}

TEST(LatencyHistogramTest, NegativeIsZeroAndForeverIsTheLargest) {
  LatencyHistogram histogram;
  histogram.Observe(-absl::Seconds(1));
  EXPECT_EQ(histogram.QuantileInSeconds(1), 0);
  histogram.Observe(absl::InfiniteDuration());
  EXPECT_NEAR(histogram.MaxInSeconds(), 4398, 1);
}

}  // namespace
}  // namespace verdict
