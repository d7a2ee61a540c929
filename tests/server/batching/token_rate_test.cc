#include "server/batching/token_rate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace verdict {
namespace {

using ::testing::AllOf;
using ::testing::Gt;
using ::testing::Lt;

constexpr int64_t kFull = 512;

// An engine: a time for each batch, and one for each token.
struct Engine {
  double batch_ms = 6;
  double token_ms = 0.25;

  absl::Duration Time(int64_t tokens) const {
    return absl::Milliseconds(batch_ms + token_ms * static_cast<double>(tokens));
  }
};

double Milliseconds(absl::Duration duration) { return absl::ToDoubleMilliseconds(duration); }

TEST(TokenRateTest, NothingTakesTimeWhileTheRateIsUnknown) {
  const TokenRate rate(kFull);
  EXPECT_TRUE(rate.unknown());
  EXPECT_EQ(rate.TimeFor({1'000'000, 1'000}), absl::ZeroDuration());
  EXPECT_EQ(rate.tokens_per_second(), 0);
}

TEST(TokenRateTest, OneBatchIsEnough) {
  TokenRate rate(kFull);
  rate.Observe(kFull, absl::Milliseconds(128));
  EXPECT_FALSE(rate.unknown());
  EXPECT_NEAR(rate.tokens_per_second(), 4000, 1);
  EXPECT_NEAR(Milliseconds(rate.TimeForFullBatch()), 128, 0.1);
  EXPECT_NEAR(Milliseconds(rate.TimeFor({2 * kFull, 2})), 256, 0.1);
}

TEST(TokenRateTest, FollowsWithinAFewBatches) {
  TokenRate rate(kFull);
  for (int i = 0; i < 100; ++i) rate.Observe(kFull, absl::Milliseconds(100));
  for (int i = 0; i < 4; ++i) rate.Observe(kFull, absl::Milliseconds(200));
  EXPECT_THAT(Milliseconds(rate.TimeForFullBatch()), AllOf(Gt(170), Lt(200)));
  for (int i = 0; i < 4; ++i) rate.Observe(kFull, absl::Milliseconds(50));
  EXPECT_THAT(Milliseconds(rate.TimeForFullBatch()), AllOf(Gt(50), Lt(90)));
}

// A quiet server sees small batches only; it must not think that full ones take as long for each
// token.
TEST(TokenRateTest, SmallBatchesAndTheWarmUpTellHowLongAFullOneTakes) {
  const Engine engine;
  TokenRate rate(kFull);
  for (const int64_t tokens : {int64_t{1}, kFull}) rate.Know(tokens, engine.Time(tokens));
  for (int i = 0; i < 50; ++i) {
    for (const int64_t tokens : {8, 30, 12, 45, 20}) rate.Observe(tokens, engine.Time(tokens));
  }
  EXPECT_NEAR(Milliseconds(rate.TimeForFullBatch()), Milliseconds(engine.Time(kFull)), 30);
  EXPECT_NEAR(Milliseconds(rate.TimeFor({8, 1})), Milliseconds(engine.Time(8)), 1.5);
}

// Whatever came in whatever number, and however slow the machine has become since the start.
TEST(TokenRateTest, ManyTextsOfOneSizeDoNotMakeAFullBatchLookLonger) {
  for (const double slower : {1, 2, 4}) {
    for (const int64_t tokens : {1, 4, 30, 200}) {
      const Engine engine;
      TokenRate rate(kFull);
      for (const int64_t size : {int64_t{1}, kFull}) rate.Know(size, engine.Time(size));
      for (int i = 0; i < 10'000; ++i) rate.Observe(tokens, engine.Time(tokens) * slower);
      EXPECT_LE(rate.TimeForFullBatch(), engine.Time(kFull) * slower * 1.1) << tokens;
      EXPECT_GE(rate.TimeForFullBatch(), engine.Time(kFull) * 0.9) << tokens;
    }
  }
}

TEST(TokenRateTest, NothingIsSaidOfSizesThatWereNeverSeen) {
  TokenRate rate(kFull);
  rate.Observe(4, absl::Milliseconds(5));
  EXPECT_NEAR(Milliseconds(rate.TimeForFullBatch()), 5, 0.1) << "at least as long as the largest";
  EXPECT_NEAR(Milliseconds(rate.TimeFor({1000 * kFull, 1000})), 5'000, 1);
  rate.Observe(kFull, absl::Milliseconds(130));
  EXPECT_NEAR(Milliseconds(rate.TimeForFullBatch()), 130, 10) << "one such batch tells";
}

TEST(TokenRateTest, LoadOutvotesTheWarmUp) {
  const Engine engine;
  TokenRate rate(kFull);
  for (const int64_t tokens : {int64_t{1}, kFull}) rate.Know(tokens, engine.Time(tokens));
  for (int i = 0; i < 10; ++i) rate.Observe(kFull, engine.Time(kFull) * 3);
  EXPECT_NEAR(absl::FDivDuration(rate.TimeForFullBatch(), engine.Time(kFull)), 3, 0.1);
}

TEST(TokenRateTest, FullBatchesDecideWhereTheyAreSeen) {
  const Engine engine;
  TokenRate rate(kFull);
  for (int i = 0; i < 10; ++i) {
    rate.Observe(kFull, engine.Time(kFull));
    for (int j = 0; j < 10; ++j) rate.Observe(8, engine.Time(8) * 3);  // while it was cold
  }
  EXPECT_NEAR(Milliseconds(rate.TimeForFullBatch()), Milliseconds(engine.Time(kFull)), 7);
}

// Under load all batches are nearly full, and how their time is shared between batch and tokens is
// lost in the noise. The estimates must not be.
TEST(TokenRateTest, NoiseOnEqualBatchesStaysNoise) {
  const Engine engine;
  std::mt19937 random(3);
  for (int run = 0; run < 100; ++run) {
    TokenRate rate(kFull);
    for (int i = 0; i < 30; ++i) {
      const auto tokens = static_cast<int64_t>(490 + random() % 23);
      const double noise = 0.9 + 0.2 * static_cast<double>(random() % 1000) / 1000;
      rate.Observe(tokens, engine.Time(tokens) * noise);
    }
    EXPECT_NEAR(absl::FDivDuration(rate.TimeForFullBatch(), engine.Time(kFull)), 1, 0.1);
    EXPECT_NEAR(absl::FDivDuration(rate.TimeFor({128, 1}), engine.Time(128)), 1, 0.25);
    EXPECT_NEAR(absl::FDivDuration(rate.TimeFor({1280, 3}), engine.Time(1280)), 1, 0.15);
  }
}

TEST(TokenRateTest, OneStandstillIsNotASlowEngine) {
  TokenRate rate(kFull);
  for (int i = 0; i < 10; ++i) rate.Observe(kFull, absl::Milliseconds(100));
  rate.Observe(kFull, absl::Seconds(30));
  EXPECT_LT(Milliseconds(rate.TimeForFullBatch()), 250);
  for (int i = 0; i < 6; ++i) rate.Observe(kFull, absl::Milliseconds(100));
  EXPECT_LT(Milliseconds(rate.TimeForFullBatch()), 115);
}

TEST(TokenRateTest, AClockThatWasSetTellsNothing) {
  TokenRate rate(kFull);
  rate.Observe(kFull, absl::Seconds(-1));
  rate.Observe(kFull, absl::ZeroDuration());
  rate.Observe(0, absl::Seconds(1));
  EXPECT_TRUE(rate.unknown());
}

// Whatever is observed, in any order: estimates are finite, never negative, and grow with the work.
TEST(TokenRateTest, EstimatesGrowWithTheWorkAndStayFinite) {
  std::mt19937 random(5);
  for (int run = 0; run < 200; ++run) {
    TokenRate rate(1 + static_cast<int64_t>(random() % 1000));
    for (int i = 0; i < 50; ++i) {
      rate.Observe(1 + static_cast<int64_t>(random() % 2000),
                   absl::Nanoseconds(1 + random() % 1'000'000'000));
      const absl::Duration small = rate.TimeFor({3, 1});
      EXPECT_GE(small, absl::ZeroDuration());
      EXPECT_LT(rate.TimeFor({4000, 8}), absl::Hours(24));
      EXPECT_LE(small, rate.TimeFor({4000, 8}));
    }
  }
}

}  // namespace
}  // namespace verdict
