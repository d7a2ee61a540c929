#include "server/drain_plan.h"

#include <gtest/gtest.h>

#include "absl/time/time.h"

namespace verdict {
namespace {

constexpr DrainTimes kTimes = {.delay = absl::Seconds(4), .timeout = absl::Seconds(30)};
const absl::Time kStart = absl::FromUnixSeconds(1000);

absl::Time At(double seconds) { return kStart + absl::Seconds(seconds); }

struct Case {
  DrainStep step;
  double began;  // all times are seconds since the start
  DrainSeen seen;
  double over;  // from then on, and not a millisecond before
  DrainTimes times = kTimes;
  bool goaways = true;
};

void Expect(const Case& row, int number) {
  const DrainPlan plan(row.times, row.goaways, kStart);
  const absl::Time began = At(row.began);
  EXPECT_TRUE(plan.IsOver(row.step, began, row.seen, At(row.over))) << "row " << number;
  EXPECT_FALSE(plan.IsOver(row.step, began, row.seen, At(row.over) - absl::Milliseconds(1)))
      << "row " << number;
}

void ExpectAtOnce(const Case& row, int number) {
  const DrainPlan plan(row.times, row.goaways, kStart);
  EXPECT_TRUE(plan.IsOver(row.step, At(row.began), row.seen, At(row.began))) << "row " << number;
}

TEST(DrainPlanTest, EachStepIsOverWhenItsTimeIs) {
  const DrainSeen busy = {.connected = true, .accepted = 1, .watched = true};
  const DrainTimes no_delay = {.timeout = absl::Seconds(30)};
  const DrainTimes short_timeout = {.delay = absl::Seconds(4), .timeout = absl::Seconds(1)};
  const Case rows[] = {
      {DrainStep::kServe, 0, busy, 2},  // half of the delay
      {DrainStep::kServe, 0, busy, 4, kTimes, false},
      {DrainStep::kMove, 2, busy, 4},
      {DrainStep::kLeave, 4, busy, 6},
      {DrainStep::kLeave, 0, busy, 2, no_delay},
      {DrainStep::kLeave, 4, busy, 5, short_timeout},
      {DrainStep::kFinish, 6, busy, 34},
      {DrainStep::kFinish, 5, busy, 5, short_timeout},
      {DrainStep::kFlush, 34, busy, 34.5},
      // Nobody calls any more, though a client keeps its connection.
      {DrainStep::kQuiet, 10, {.last_arrival = At(9)}, 10.1},
      {DrainStep::kQuiet, 10, {.last_arrival = At(10.3)}, 10.4},
      // Somebody calls for ever.
      {DrainStep::kQuiet, 10, {.last_arrival = At(1e9)}, 11},
      {DrainStep::kQuiet, 34.5, {.last_arrival = At(1e9)}, 34.7},
      {DrainStep::kFarewell, 10, busy, 10.5},
      {DrainStep::kFarewell, 34.7, busy, 34.85},
  };
  int number = 0;
  for (const Case& row : rows) Expect(row, number++);
}

TEST(DrainPlanTest, AStepIsOverAtOnceWhenThereIsNothingToWaitFor) {
  const DrainSeen busy = {.connected = true, .accepted = 1, .watched = true};
  const Case rows[] = {
      {DrainStep::kServe, 0, busy, 0, {}},
      {DrainStep::kMove, 0, busy, 0, {}},
      {DrainStep::kMove, 4, busy, 0, kTimes, false},
      // Those who cannot be asked to leave have been served for the whole delay.
      {DrainStep::kLeave, 4, busy, 0, kTimes, false},
      {DrainStep::kLeave, 4, {.connected = false, .accepted = 1}, 0},
      {DrainStep::kFinish, 5, {.connected = true, .accepted = 0, .watched = true}, 0},
      {DrainStep::kFlush, 5, {.connected = true, .accepted = 0, .watched = true}, 0},
      {DrainStep::kQuiet, 5, {.connected = false, .last_arrival = At(5)}, 0},
      {DrainStep::kFarewell, 5, {.connected = true, .accepted = 1, .watched = false}, 0},
  };
  int number = 0;
  for (const Case& row : rows) ExpectAtOnce(row, number++);
}

TEST(DrainPlanTest, WithoutGoawaysNobodyIsKnownToHaveLeft) {
  const DrainPlan plan(kTimes, false, kStart);
  const DrainSeen seen = {.connected = false, .last_arrival = At(5)};
  EXPECT_FALSE(plan.IsOver(DrainStep::kQuiet, At(5), seen, At(5)));
}

// What an orchestrator's grace period has to hold.
TEST(DrainPlanTest, TheEndComesWithinASecondOfTheTimeout) {
  for (const bool goaways : {true, false}) {
    const DrainPlan plan(kTimes, goaways, kStart);
    const DrainSeen busy = {.connected = true, .accepted = 1, .watched = true};
    absl::Time now = kStart;
    for (const DrainStep step :
         {DrainStep::kServe, DrainStep::kMove, DrainStep::kLeave, DrainStep::kFinish,
          DrainStep::kFlush, DrainStep::kQuiet, DrainStep::kFarewell}) {
      const absl::Time began = now;
      DrainSeen seen = busy;
      for (; !plan.IsOver(step, began, seen, now); now += absl::Milliseconds(10)) {
        seen.last_arrival = now;
      }
    }
    EXPECT_LE(now, plan.deadline() + absl::Seconds(1)) << goaways;
  }
}

}  // namespace
}  // namespace verdict
