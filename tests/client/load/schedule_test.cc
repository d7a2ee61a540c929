#include "client/load/schedule.h"

#include <cmath>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

std::vector<absl::Duration> Starts(LoadScheduleOptions options) {
  LoadSchedule schedule(std::move(options));
  std::vector<absl::Duration> starts;
  while (const std::optional<IntendedStart> start = schedule.Next()) starts.push_back(start->at);
  return starts;
}

LoadStage Fixed(double rate, absl::Duration duration) {
  return {.begin_rate = rate, .end_rate = rate, .duration = duration};
}

TEST(LoadScheduleTest, AFixedRateIsEvenlySpacedFromTheStart) {
  EXPECT_THAT(Starts({.stages = {Fixed(4, absl::Seconds(1))}}),
              ElementsAre(absl::ZeroDuration(), absl::Milliseconds(250), absl::Milliseconds(500),
                          absl::Milliseconds(750)));
}

TEST(LoadScheduleTest, AStageHasAsManyCallsAsItsRateTimesItsDuration) {
  for (double rate : {0.1, 0.3, 1.0, 7.0, 333.3, 10'000.0}) {
    const LoadStage stage = Fixed(rate, absl::Seconds(30));
    EXPECT_THAT(Starts({.stages = {stage}}), SizeIs(std::ceil(rate * 30 - 1e-9))) << rate;
  }
}

TEST(LoadScheduleTest, StagesFollowEachOtherAndCallsKnowTheirs) {
  LoadSchedule schedule({.stages = {Fixed(100, absl::Seconds(1)), Fixed(0, absl::Seconds(2)),
                                    Fixed(50, absl::Seconds(1))}});
  std::vector<int> calls(3);
  while (const std::optional<IntendedStart> start = schedule.Next()) {
    ++calls[start->stage];
    const absl::Duration begin = absl::Seconds(start->stage == 0 ? 0 : 3);
    EXPECT_GE(start->at, begin);
    EXPECT_LT(start->at, begin + absl::Seconds(1));
  }
  EXPECT_THAT(calls, ElementsAre(100, 0, 50));
  EXPECT_FALSE(schedule.cut_short());
}

TEST(LoadScheduleTest, ARampHasItsRateAtEveryTime) {
  for (const auto& [from, to] :
       std::vector<std::pair<double, double>>{{0, 1000}, {1000, 0}, {100, 900}, {500, 500.001}}) {
    const std::vector<absl::Duration> starts =
        Starts({.stages = {{.begin_rate = from, .end_rate = to, .duration = absl::Seconds(10)}}});
    ASSERT_NEAR(starts.size(), (from + to) / 2 * 10, 1);
    for (size_t i = 0; i + 1 < starts.size(); ++i) {
      // Between two starts the integral of the rate is one call.
      const double begin = absl::ToDoubleSeconds(starts[i]);
      const double end = absl::ToDoubleSeconds(starts[i + 1]);
      const double rate = from + (to - from) * (begin + end) / 2 / 10;
      ASSERT_NEAR(rate * (end - begin), 1, 1e-3) << i;
    }
  }
}

TEST(LoadScheduleTest, PoissonHasTheRateAsItsMeanAndItsVarianceToo) {
  const std::vector<absl::Duration> starts =
      Starts({.stages = {Fixed(1000, absl::Seconds(100))}, .poisson = true});
  EXPECT_NEAR(starts.size(), 100'000, 4 * std::sqrt(100'000));
  std::vector<double> in_tenth(1000);
  for (absl::Duration start : starts) {
    ASSERT_LT(start, absl::Seconds(100));
    ++in_tenth[static_cast<size_t>(absl::ToDoubleSeconds(start) * 10)];
  }
  double variance = 0;
  for (double count : in_tenth) variance += (count - 100) * (count - 100) / 1000;
  EXPECT_NEAR(variance, 100, 20);
}

TEST(LoadScheduleTest, TheSameSeedMeansTheSameStartsAndAnotherMeansOthers) {
  const auto starts = [](uint64_t seed) {
    return Starts({.stages = {Fixed(1000, absl::Seconds(1))}, .poisson = true, .seed = seed});
  };
  EXPECT_EQ(starts(7), starts(7));
  EXPECT_NE(starts(7), starts(8));
}

TEST(LoadScheduleTest, TheNumberOfRequestsEndsIt) {
  LoadSchedule schedule({.stages = {Fixed(1000, absl::InfiniteDuration())}, .requests = 3});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(schedule.Next()->at, absl::Milliseconds(i));
  EXPECT_FALSE(schedule.Next());
  EXPECT_TRUE(schedule.cut_short());
}

TEST(LoadScheduleTest, ReadsStagesAndRamps) {
  const auto stages = ParseStages("200@10s,0@500ms,1.5@1m");
  ASSERT_TRUE(stages.ok());
  ASSERT_THAT(*stages, SizeIs(3));
  EXPECT_EQ((*stages)[2].begin_rate, 1.5);
  EXPECT_EQ((*stages)[2].end_rate, 1.5);
  EXPECT_EQ((*stages)[2].duration, absl::Minutes(1));
  const auto ramp = ParseRamp("100:2000@60s");
  ASSERT_TRUE(ramp.ok());
  EXPECT_EQ(ramp->begin_rate, 100);
  EXPECT_EQ(ramp->end_rate, 2000);
  EXPECT_EQ(ramp->duration, absl::Seconds(60));
}

TEST(LoadScheduleTest, RefusesInvalidStagesAndRamps) {
  for (const char* text : {"", "200", "@10s", "200@", "200@10", "-1@10s", "nan@1s", "inf@1s",
                           "200@inf", "200@0s", "200@-1s", "200@10s,", "0@10s"}) {
    EXPECT_FALSE(ParseStages(text).ok()) << text;
  }
  for (const char* text : {"", "100@10s", "1:2", "1:2@", ":2@1s", "1:@1s", "0:0@1s", "1:2:3@1s"}) {
    EXPECT_FALSE(ParseRamp(text).ok()) << text;
  }
}

}  // namespace
}  // namespace verdict
