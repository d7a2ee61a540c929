#include "latency/steady_clock.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/time/clock.h"
#include "latency/steady_notification.h"

namespace verdict {
namespace {

TEST(SteadyClockTest, TimeNeverGoesBack) {
  const absl::Time before = SteadyNow();
  EXPECT_LE(before, SteadyNow());
}

TEST(SteadyClockTest, ADeadlineIsTheSameMomentOnBothClocks) {
  const absl::Time deadline = SteadyNow() + absl::Hours(1);
  const absl::Duration difference = SteadyTime(WallTime(deadline)) - deadline;
  // Between the readings of two clocks a thread may lose its core.
  EXPECT_LT(absl::AbsDuration(difference), absl::Minutes(1));
  EXPECT_LT(absl::AbsDuration(absl::FromChrono(WallTime(deadline)) - absl::Now() - absl::Hours(1)),
            absl::Minutes(1));
}

TEST(SteadyClockTest, NoDeadlineIsInfiniteOnBothClocks) {
  EXPECT_EQ(SteadyTime(std::chrono::system_clock::time_point::max()), absl::InfiniteFuture());
  EXPECT_EQ(WallTime(absl::InfiniteFuture()), std::chrono::system_clock::time_point::max());
}

TEST(SteadyClockTest, WhatIsDoneIsNotAwaited) {
  EXPECT_TRUE(LookUntil([] { return true; }, absl::InfinitePast()));
}

TEST(SteadyClockTest, WhatIsNotDoneIsAwaitedUntilTheDeadline) {
  int looks = 0;
  const absl::Time deadline = SteadyNow() + absl::Milliseconds(6);
  EXPECT_FALSE(LookUntil([&] { return ++looks < 0; }, deadline));
  EXPECT_GE(looks, 2);
  EXPECT_GE(SteadyNow(), deadline);
}

TEST(SteadyNotificationTest, OneThreadTellsAnother) {
  SteadyNotification happened;
  EXPECT_FALSE(happened.HasBeenNotified());
  EXPECT_FALSE(happened.WaitFor(absl::ZeroDuration()));
  std::thread other([&] { happened.Notify(); });
  EXPECT_TRUE(happened.WaitFor(absl::Hours(1)));
  EXPECT_TRUE(happened.HasBeenNotified());
  other.join();
}

}  // namespace
}  // namespace verdict
