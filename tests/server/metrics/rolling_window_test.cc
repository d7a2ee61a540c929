#include "server/metrics/rolling_window.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsNan;

constexpr double kRelativeError = 1.0 / 128;

class RollingWindowTest : public ::testing::Test {
 protected:
  void Observe(absl::Duration duration) { window_.Observe(now_, duration); }
  double Quantile(double quantile) { return window_.QuantilesInSeconds(now_, {quantile})[0]; }
  void Pass(absl::Duration time) { now_ += time; }

  // The boundary of a slot, so that the laws about its edges are exact.
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  RollingWindow window_;
};

TEST_F(RollingWindowTest, EmptyHasNoQuantile) {
  EXPECT_THAT(window_.QuantilesInSeconds(now_, {0.5, 0.99, 1.0}), Each(IsNan()));
}

TEST_F(RollingWindowTest, OneObservationIsEveryQuantile) {
  Observe(absl::Milliseconds(20));
  const auto near = DoubleNear(0.020, 0.020 * kRelativeError);
  EXPECT_THAT(window_.QuantilesInSeconds(now_, {0.001, 0.5, 0.999, 1.0}),
              ElementsAre(near, near, near, near));
}

TEST_F(RollingWindowTest, QuantilesAreNearestRankWithinTheErrorOfABucket) {
  std::mt19937 random(7);
  std::lognormal_distribution<double> seconds(-4, 2);
  std::vector<double> values(10'000);
  for (double& value : values) {
    value = seconds(random);
    Observe(absl::Seconds(value));
  }
  std::sort(values.begin(), values.end());
  for (double quantile : {0.0001, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<size_t>(std::ceil(quantile * static_cast<double>(values.size())));
    const double exact = values[rank - 1];
    EXPECT_NEAR(Quantile(quantile), exact, exact * kRelativeError) << quantile;
  }
}

TEST_F(RollingWindowTest, ErrorIsBoundedAtEveryMagnitudeAndBucketEdge) {
  for (int bits = 0; bits < 42; ++bits) {
    for (int64_t offset : {-1, 0, 1}) {
      const int64_t nanoseconds = (int64_t{1} << bits) + offset;
      RollingWindow window;
      window.Observe(now_, absl::Nanoseconds(nanoseconds));
      const double exact = static_cast<double>(nanoseconds) * 1e-9;
      EXPECT_NEAR(window.QuantilesInSeconds(now_, {1.0})[0], exact, exact * kRelativeError + 1e-20);
    }
  }
}

TEST_F(RollingWindowTest, CountsWhatIsSixtySecondsOldAndForgetsAfterSixtyFive) {
  Observe(absl::Milliseconds(20));
  Pass(absl::Seconds(60));
  EXPECT_NEAR(Quantile(0.5), 0.020, 0.020 * kRelativeError);
  Pass(absl::Seconds(5));
  EXPECT_THAT(Quantile(0.5), IsNan());
}

TEST_F(RollingWindowTest, ForgetsTheOldAndKeepsTheNew) {
  for (int i = 0; i < 99; ++i) Observe(absl::Seconds(1));
  Pass(absl::Seconds(40));
  Observe(absl::Milliseconds(20));
  EXPECT_NEAR(Quantile(0.5), 1, kRelativeError);
  Pass(absl::Seconds(25));
  EXPECT_NEAR(Quantile(0.5), 0.020, 0.020 * kRelativeError);
}

TEST_F(RollingWindowTest, ForgetsEverythingAfterALongSilence) {
  for (int second = 0; second < 120; ++second) {
    Observe(absl::Milliseconds(20));
    Pass(absl::Seconds(1));
  }
  Pass(absl::Hours(1));
  EXPECT_THAT(Quantile(0.5), IsNan());
}

TEST_F(RollingWindowTest, ALateThreadCountsAsOfTheNewestTime) {
  Pass(absl::Seconds(30));
  Observe(absl::Milliseconds(20));
  window_.Observe(now_ - absl::Seconds(20), absl::Milliseconds(20));
  Pass(absl::Seconds(60));
  EXPECT_NEAR(Quantile(1.0), 0.020, 0.020 * kRelativeError);
}

TEST_F(RollingWindowTest, NegativeIsZeroAndForeverIsTheLargest) {
  Observe(-absl::Seconds(1));
  EXPECT_EQ(Quantile(1.0), 0);
  Observe(absl::InfiniteDuration());
  EXPECT_NEAR(Quantile(1.0), 4398, 4398 * kRelativeError);
}

}  // namespace
}  // namespace verdict
