// What overload leaves of the engine's time, in simulated time.
#include <gtest/gtest.h>

#include "absl/time/time.h"
#include "tests/server/batching/simulation.h"

namespace verdict {
namespace {

Outcome OutcomeOf(const Source& source, double noise = 0.1) {
  return Simulation({source}, noise).Run().front();
}

TEST(GoodputTest, OverloadLeavesTheEngineItsGoodput) {
  for (const double factor : {2, 5, 10}) {
    for (const double noise : {0.0, 0.1, 0.3}) {
      const Outcome outcome = OutcomeOf({.of_peak = factor}, noise);
      EXPECT_GE(outcome.goodput, 0.95) << factor << "x, noise " << noise;
      EXPECT_LE(outcome.wasted, 0.03) << factor << "x, noise " << noise;
      EXPECT_LE(outcome.expired, 0.1) << factor << "x, noise " << noise;
    }
  }
}

TEST(GoodputTest, LongTextsAmongShortOnesLeaveTheEngineItsGoodput) {
  for (const double share : {0.02, 0.1, 0.5}) {
    const Outcome outcome = OutcomeOf({.of_peak = 5, .long_share = share});
    EXPECT_GE(outcome.goodput, 0.9) << share;
    EXPECT_LE(outcome.expired, 0.15) << share;
  }
}

TEST(GoodputTest, ShortDeadlinesLeaveTheEngineItsGoodput) {
  for (const int milliseconds : {500, 3000}) {
    const Outcome outcome = OutcomeOf({.of_peak = 5, .deadline = absl::Milliseconds(milliseconds)});
    EXPECT_GE(outcome.goodput, 0.85) << milliseconds;
    EXPECT_LE(outcome.wasted, 0.05) << milliseconds;
  }
}

TEST(GoodputTest, NothingIsRefusedThatAQuietEngineCanDo) {
  const Outcome outcome = OutcomeOf({.of_peak = 0.5});
  EXPECT_GE(outcome.goodput, 0.42);
  EXPECT_EQ(outcome.expired, 0);
  EXPECT_EQ(outcome.wasted, 0);
  EXPECT_LE(outcome.longest_of_short, absl::Seconds(1));
}

}  // namespace
}  // namespace verdict
