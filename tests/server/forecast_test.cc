#include "server/forecast.h"

#include <gtest/gtest.h>

namespace verdict {
namespace {

constexpr int64_t kFull = 100;
const absl::Time kNow = absl::FromUnixSeconds(1'000'000);

// Knows that a full batch takes a second, and is idle at kNow.
Forecast Learned() {
  Forecast forecast(kFull);
  for (int i = 10; i > 0; --i) {
    forecast.BatchStarted(kFull, kNow - absl::Seconds(i));
    forecast.BatchDone(/*computed=*/true, kNow - absl::Seconds(i - 1));
  }
  return forecast;
}

TEST(ForecastTest, NothingIsLateWhileTheRateIsUnknown) {
  Forecast forecast(kFull);
  forecast.BatchStarted(kFull, kNow);
  EXPECT_TRUE(forecast.InTime({1'000'000, 10'000}, kNow + absl::Milliseconds(1), kNow));
  EXPECT_EQ(forecast.Pushback({1'000'000, 10'000}, kNow), absl::Seconds(1));
}

TEST(ForecastTest, AFailedBatchTeachesNothing) {
  Forecast forecast(kFull);
  forecast.BatchStarted(kFull, kNow);
  forecast.BatchDone(/*computed=*/false, kNow + absl::Seconds(1));
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

TEST(ForecastTest, PushbackIsTheWorkAheadWithinBounds) {
  Forecast forecast = Learned();
  EXPECT_EQ(forecast.Pushback({3 * kFull, 3}, kNow), absl::Seconds(3));
  EXPECT_EQ(forecast.Pushback({0, 0}, kNow), absl::Milliseconds(10));
  EXPECT_EQ(forecast.Pushback({1000 * kFull, 1000}, kNow), absl::Seconds(10));
}

}  // namespace
}  // namespace verdict
