// What one caller's flood leaves to others, in simulated time.
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/metrics/named_caller.h"
#include "server/security/token_file.h"
#include "tests/server/batching/simulation.h"

namespace verdict {
namespace {

// Callers of whom a token file says this, each.
std::deque<NamedCaller> Callers(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    absl::StrAppend(&text, i, ":0123456789abcdef ", words[i], "\n");
  }
  const auto file = ParseTokenFile(text);
  EXPECT_TRUE(file.ok()) << file.status();
  std::deque<NamedCaller> callers;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string name = absl::StrCat(i);
    callers.emplace_back(i + 1, name).Set(file->claims.at(name));
  }
  return callers;
}

// What part of its texts the first source has answered, beside the others or alone.
struct Compared {
  double alone = 0;
  double beside = 0;
};

Compared Compare(const std::vector<Source>& sources) {
  return {.alone = Simulation({sources.front()}).Run().front().answered,
          .beside = Simulation(sources).Run().front().answered};
}

// A caller at ten times its share beside two that bring so much of theirs.
Compared BesideAFlood(double of_share, double long_share) {
  const auto callers = Callers({"", "", ""});
  const Source modest = {.of_peak = of_share / 3, .long_share = long_share, .caller = &callers[0]};
  Source other = modest;
  other.caller = &callers[1];
  Source flood = modest;
  flood.of_peak = 10.0 / 3;
  flood.caller = &callers[2];
  return Compare({modest, other, flood});
}

TEST(FairSharesTest, ACallerAtTenTimesItsShareCostsTheOthersNextToNothing) {
  for (const double of_share : {0.5, 0.8, 0.9}) {
    const Compared compared = BesideAFlood(of_share, 0);
    EXPECT_GE(compared.beside, 0.95 * compared.alone) << of_share;
  }
}

// A text of 512 tokens is a batch of its own, and its deadline is six batches away: some of those
// that come together miss it where the engine is not theirs alone.
TEST(FairSharesTest, SoItDoesWhereMostTokensAreOfLongTextsButForThoseThatComeTogether) {
  for (const double of_share : {0.5, 0.8}) {
    const Compared compared = BesideAFlood(of_share, 0.1);
    EXPECT_GE(compared.beside, 0.9 * compared.alone) << of_share;
  }
}

// The lanes take turns whoever leads; callers must not lose by that.
TEST(FairSharesTest, AFloodOfLongTextsCostsShortOnesNextToNothing) {
  const auto callers = Callers({"", "", ""});
  const Source modest = {.of_peak = 0.8 / 3, .caller = &callers[0]};
  Source other = modest;
  other.caller = &callers[1];
  const Source flood = {.of_peak = 10.0 / 3, .long_share = 1, .caller = &callers[2]};
  const Compared compared = Compare({modest, other, flood});
  EXPECT_GE(compared.beside, 0.95 * compared.alone);
}

TEST(FairSharesTest, WhatTheOthersLeaveIsTheFloods) {
  const auto callers = Callers({"", ""});
  const auto outcomes =
      Simulation({{.of_peak = 0.2, .caller = &callers[0]}, {.of_peak = 5, .caller = &callers[1]}})
          .Run();
  EXPECT_GE(outcomes[0].goodput, 0.19);
  EXPECT_GE(outcomes[0].goodput + outcomes[1].goodput, 0.95);
  EXPECT_LE(outcomes[1].wasted, 0.03);
}

TEST(FairSharesTest, FloodsShareByTheirWeights) {
  const auto callers = Callers({"share=3", ""});
  const auto outcomes =
      Simulation({{.of_peak = 5, .caller = &callers[0]}, {.of_peak = 5, .caller = &callers[1]}})
          .Run();
  EXPECT_NEAR(outcomes[0].goodput / outcomes[1].goodput, 3, 0.3);
  EXPECT_GE(outcomes[0].goodput + outcomes[1].goodput, 0.9);
}

TEST(FairSharesTest, InteractiveCallersComeBeforeBulkWhichDoesNotStarve) {
  const auto callers = Callers({"", "priority=bulk"});
  const Source bulk = {.of_peak = 5, .deadline = absl::Seconds(20), .caller = &callers[1]};
  const auto light = Simulation({{.of_peak = 0.7, .caller = &callers[0]}, bulk}).Run();
  EXPECT_GE(light[0].goodput, 0.66);
  EXPECT_LE(light[0].longest_of_short, absl::Milliseconds(600));
  EXPECT_GE(light[0].goodput + light[1].goodput, 0.93);
  const auto flood = Simulation({{.of_peak = 5, .caller = &callers[0]}, bulk}).Run();
  EXPECT_NEAR(flood[1].goodput / flood[0].goodput, 1 / NamedCaller::kInteractive, 0.02);
}

}  // namespace
}  // namespace verdict
