#include "server/batching/forecast.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

namespace verdict {
namespace {

constexpr int64_t kFull = 100;
const absl::Time kNow = absl::FromUnixSeconds(1'000'000);

// Knows that a full batch takes a second, and is idle at kNow.
Forecast Learned() {
  Forecast forecast(kFull);
  for (int i = 10; i > 0; --i) {
    forecast.BatchStarted(kFull, kNow - absl::Seconds(i));
    forecast.BatchDone(kFull, kNow - absl::Seconds(i - 1));
  }
  return forecast;
}

TEST(ForecastTest, NothingIsLateWhileTheRateIsUnknown) {
  Forecast forecast(kFull);
  forecast.BatchStarted(kFull, kNow);
  EXPECT_TRUE(forecast.InTime({1'000'000, 10'000}, kNow + absl::Milliseconds(1), kNow));
  EXPECT_EQ(forecast.RetryForRoom({1'000'000, 10'000}, kNow), absl::Seconds(1));
  EXPECT_EQ(forecast.RetryForTime({1'000'000, 10'000}, {1'000'000, 10'000}, absl::Seconds(1), kNow),
            absl::Seconds(1));
}

TEST(ForecastTest, AFailedBatchTeachesNothing) {
  Forecast forecast(kFull);
  forecast.BatchStarted(kFull, kNow);
  forecast.BatchDone(/*computed=*/0, kNow + absl::Seconds(1));
  EXPECT_EQ(forecast.tokens_per_second(), 0);
}

TEST(ForecastTest, WorkAheadIsWhatWaitsAndTheRestOfTheBatchInTheEngine) {
  Forecast forecast = Learned();
  EXPECT_EQ(forecast.TimeUntilDone({2 * kFull, 2}, kNow), absl::Seconds(2));
  forecast.BatchStarted(kFull, kNow);
  EXPECT_EQ(forecast.TimeUntilDone({2 * kFull, 2}, kNow), absl::Seconds(3));
  EXPECT_EQ(forecast.TimeUntilDone({2 * kFull, 2}, kNow + absl::Milliseconds(750)),
            absl::Milliseconds(2250));
  EXPECT_EQ(forecast.TimeUntilDone({2 * kFull, 2}, kNow + absl::Seconds(5)), absl::Seconds(2))
      << "a batch that takes longer than expected is never ahead of its time";
}

TEST(ForecastTest, LateIsWhatCannotBeDoneBeforeTheDeadlineWithATenthToSpare) {
  Forecast forecast = Learned();
  forecast.BatchStarted(kFull, kNow);
  const EngineWork work = {kFull, 1};  // done in two seconds
  EXPECT_TRUE(forecast.InTime(work, absl::InfiniteFuture(), kNow));
  EXPECT_TRUE(forecast.InTime(work, kNow + absl::Milliseconds(2202), kNow));
  EXPECT_FALSE(forecast.InTime(work, kNow + absl::Milliseconds(2200), kNow));
  EXPECT_FALSE(forecast.InTime(work, kNow, kNow));
  EXPECT_FALSE(forecast.InTime(work, absl::InfinitePast(), kNow));
}

TEST(ForecastTest, TheWarmUpTellsBeforeTheFirstBatch) {
  Forecast forecast(kFull);
  forecast.Know(1, absl::Milliseconds(10));
  forecast.Know(kFull, absl::Seconds(1));
  EXPECT_NEAR(absl::ToDoubleSeconds(forecast.TimeUntilDone({5 * kFull, 5}, kNow)), 5, 0.1);
}

TEST(ForecastTest, ABatchThatIsBeingAnsweredIsNotComputedAnyMore) {
  Forecast forecast(kFull);
  EXPECT_FALSE(forecast.computing());
  forecast.BatchStarted(kFull, kNow);
  EXPECT_TRUE(forecast.computing());
  forecast.BatchComputed();
  EXPECT_FALSE(forecast.computing());
}

TEST(ForecastTest, RoomIsMadeWhenTheWorkThatTakesItIsDone) {
  Forecast forecast = Learned();
  EXPECT_EQ(forecast.RetryForRoom({3 * kFull, 3}, kNow), absl::Seconds(3));
  EXPECT_EQ(forecast.RetryForRoom({0, 0}, kNow), absl::Milliseconds(10));
  EXPECT_EQ(forecast.RetryForRoom({1000 * kFull, 1000}, kNow), absl::Seconds(1000));
}

TEST(ForecastTest, WhatTakesLongerThanItsTimeoutNeedNotBeTriedAgain) {
  Forecast forecast = Learned();
  const EngineWork own = {2 * kFull, 2};
  const EngineWork work = {5 * kFull, 5};
  EXPECT_EQ(forecast.RetryForTime(work, own, absl::Milliseconds(1999), kNow), std::nullopt);
  EXPECT_EQ(forecast.RetryForTime(work, own, absl::Milliseconds(2000), kNow), absl::Seconds(3));
}

// The promise of the delay: what comes then, with nothing else having come, is in time.
TEST(ForecastTest, ARetryAfterTheDelayIsInTime) {
  Forecast forecast = Learned();
  for (int ahead = 1; ahead < 20; ++ahead) {
    for (int own = 1; own < 20; ++own) {
      for (int timeout_ms = 500; timeout_ms < 20'000; timeout_ms += 700) {
        const absl::Duration timeout = absl::Milliseconds(timeout_ms);
        const EngineWork own_work = {own * kFull, own};
        const EngineWork work = {(ahead + own) * kFull, ahead + own};
        if (forecast.InTime(work, kNow + timeout, kNow)) continue;
        const auto delay = forecast.RetryForTime(work, own_work, timeout, kNow);
        ASSERT_EQ(delay.has_value(), absl::Seconds(own) <= timeout);
        if (!delay.has_value()) continue;
        const absl::Duration left = std::max(absl::Seconds(ahead) - *delay, absl::ZeroDuration());
        const auto tokens = static_cast<int64_t>(absl::ToDoubleSeconds(left) * kFull);
        const bool idle = tokens == 0;
        EXPECT_TRUE(idle || forecast.InTime({tokens + own * kFull, own}, kNow + timeout, kNow))
            << ahead << " and " << own << " batches, " << timeout;
      }
    }
  }
}

}  // namespace
}  // namespace verdict
