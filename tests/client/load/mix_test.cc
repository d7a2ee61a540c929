#include "client/load/mix.h"

#include <array>
#include <cmath>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

constexpr int kCalls = 100'000;

// Four standard deviations of a count with this share.
double Slack(double share) { return 4 * std::sqrt(kCalls * share * (1 - share)); }

TEST(LoadMixTest, KindsComeByTheirWeights) {
  LoadMix mix({.weights = {70, 10, 10, 5, 5}});
  std::array<double, kCallKinds> counts = {};
  for (int i = 0; i < kCalls; ++i) ++counts[static_cast<size_t>(mix.Next().kind)];
  const std::array<double, kCallKinds> shares = {0.7, 0.1, 0.1, 0.05, 0.05};
  for (size_t i = 0; i < kCallKinds; ++i) {
    EXPECT_NEAR(counts[i], shares[i] * kCalls, Slack(shares[i])) << i;
  }
}

TEST(LoadMixTest, AKindWithoutWeightNeverComes) {
  LoadMix mix({.weights = {0, 1, 0, 1, 0}});
  for (int i = 0; i < kCalls; ++i) {
    const CallKind kind = mix.Next().kind;
    ASSERT_TRUE(kind == CallKind::kBatch || kind == CallKind::kTokenize);
  }
}

TEST(LoadMixTest, BadOnesAreClassifiesAndTakeTurnsInWhatIsWrong) {
  LoadMix mix({.weights = {1, 1, 0, 0, 0}, .bad_percent = 5, .cancel_percent = 50});
  std::array<double, kFaults> counts = {};
  for (int i = 0; i < kCalls; ++i) {
    const PlannedCall call = mix.Next();
    ++counts[static_cast<size_t>(call.fault)];
    if (call.fault == Fault::kNone) continue;
    ASSERT_EQ(call.kind, CallKind::kClassify);
    ASSERT_FALSE(call.cancelled);
  }
  EXPECT_NEAR(kCalls - counts[0], 0.05 * kCalls, Slack(0.05));
  for (size_t i = 2; i < kFaults; ++i) EXPECT_NEAR(counts[i], counts[1], 1);
}

TEST(LoadMixTest, CancelsTheirPartButNoMessages) {
  LoadMix mix({.weights = {1, 0, 1, 0, 0}, .cancel_percent = 10});
  int cancelled = 0;
  for (int i = 0; i < kCalls; ++i) {
    const PlannedCall call = mix.Next();
    if (!call.cancelled) continue;
    ++cancelled;
    ASSERT_NE(call.kind, CallKind::kStream);
  }
  EXPECT_NEAR(cancelled, 0.05 * kCalls, Slack(0.05));
}

TEST(LoadMixTest, TextsComeInTheirOrderRoundAndRound) {
  LoadMix mix({.texts = 3});
  for (size_t i = 0; i < 10; ++i) EXPECT_EQ(mix.Next().text, i % 3);
  LoadMix batches({.weights = {0, 1, 0, 0, 0}, .texts = 5, .batch_size = 3});
  for (size_t text : {0, 3, 1, 4, 2, 0}) EXPECT_EQ(batches.Next().text, text);
}

TEST(LoadMixTest, TheSameSeedPlansTheSameCalls) {
  const LoadMixOptions options = {
      .weights = {1, 1, 1, 1, 1}, .bad_percent = 10, .cancel_percent = 10, .texts = 7, .seed = 3};
  LoadMixOptions other = options;
  other.seed = 4;
  LoadMix one(options);
  LoadMix same(options);
  LoadMix different(other);
  int differences = 0;
  for (int i = 0; i < 1000; ++i) {
    const PlannedCall call = one.Next();
    const PlannedCall twin = same.Next();
    ASSERT_EQ(call.kind, twin.kind);
    ASSERT_EQ(call.fault, twin.fault);
    ASSERT_EQ(call.cancelled, twin.cancelled);
    ASSERT_EQ(call.text, twin.text);
    differences += call.kind != different.Next().kind ? 1 : 0;
  }
  EXPECT_GT(differences, 100);
}

TEST(LoadMixTest, ReadsWeightsAndNamesWhatIsNone) {
  const auto weights = ParseMix("classify=70,stream=0.5");
  ASSERT_TRUE(weights.ok());
  EXPECT_EQ(*weights, (MixWeights{70, 0, 0.5, 0, 0}));
  for (const char* text : {"", "classify", "classify=", "classify=-1", "relu=3", "classify=0",
                           "classify=1,", "classify=nan"}) {
    EXPECT_FALSE(ParseMix(text).ok()) << text;
  }
  EXPECT_THAT(ParseMix("classify=1,relu=3").status().message(), HasSubstr("relu=3"));
}

TEST(LoadMixTest, AKindIsTakenInAnyCase) {
  EXPECT_EQ(*ParseMix("Classify=1,STREAM=2"), (MixWeights{1, 0, 2, 0, 0}));
}

}  // namespace
}  // namespace verdict
