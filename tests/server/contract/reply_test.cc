#include "server/contract/reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "verdict/v1/classifier.pb.h"

namespace verdict {
namespace {

using ::testing::ElementsAre;

class ReplyTest : public ::testing::Test {
 protected:
  ReplyTest() { config_.labels = {"sad", "calm", "glad"}; }

  v1::ClassifyResponse Reply() const {
    absl::StatusOr<v1::ClassifyResponse> reply =
        MakeReply(config_, options_, text_, result_, absl::Milliseconds(1500));
    EXPECT_TRUE(reply.ok()) << reply.status();
    return *std::move(reply);
  }

  ModelConfig config_;
  ClassifyOptions options_ = {.activation = Activation::kNone};
  EncodedText text_ = {.total_tokens = 7, .used_tokens = 7, .tokenize = absl::Microseconds(3)};
  TextResult result_ = {
      .logits = {1, -2, 1}, .queue = absl::Milliseconds(20), .inference = absl::Seconds(1)};
};

TEST_F(ReplyTest, LabelsComeBestFirstAndEqualOnesInIndexOrder) {
  const v1::ClassifyResponse reply = Reply();
  ASSERT_EQ(reply.scores_size(), 3);
  EXPECT_EQ(reply.scores(0).label(), "sad");
  EXPECT_EQ(reply.scores(0).index(), 0U);
  EXPECT_EQ(reply.scores(1).label(), "glad");
  EXPECT_EQ(reply.scores(1).index(), 2U);
  EXPECT_EQ(reply.scores(2).label(), "calm");
  EXPECT_EQ(reply.label(), "sad");
  EXPECT_EQ(reply.score(), 1);
}

TEST_F(ReplyTest, TopKBoundsTheScoresAndNeverTheLogits) {
  options_.top_k = 2;
  options_.return_logits = true;
  EXPECT_EQ(Reply().scores_size(), 2);
  EXPECT_THAT(Reply().logits(), ElementsAre(1, -2, 1));
  options_.top_k = 99;
  EXPECT_EQ(Reply().scores_size(), 3);
}

TEST_F(ReplyTest, LogitsComeOnlyWhenAskedFor) { EXPECT_EQ(Reply().logits_size(), 0); }

TEST_F(ReplyTest, SaysWhatWasCutOff) {
  EXPECT_FALSE(Reply().tokens().truncated());
  text_.total_tokens = 9;
  EXPECT_EQ(Reply().tokens().total(), 9U);
  EXPECT_EQ(Reply().tokens().used(), 7U);
  EXPECT_TRUE(Reply().tokens().truncated());
}

TEST_F(ReplyTest, TimesAreSecondsAndNanoseconds) {
  const v1::Timings timings = Reply().timings();
  EXPECT_EQ(timings.tokenize().nanos(), 3'000);
  EXPECT_EQ(timings.queue().nanos(), 20'000'000);
  EXPECT_EQ(timings.inference().seconds(), 1);
  EXPECT_EQ(timings.inference().nanos(), 0);
  EXPECT_EQ(timings.total().seconds(), 1);
  EXPECT_EQ(timings.total().nanos(), 500'000'000);
}

TEST_F(ReplyTest, AClockThatWasSetBackMakesNoNegativeTime) {
  result_.queue = -absl::Seconds(5);
  EXPECT_EQ(Reply().timings().queue().seconds(), 0);
  EXPECT_EQ(Reply().timings().queue().nanos(), 0);
}

TEST_F(ReplyTest, NanLogitsAreAnInternalError) {
  for (const float logit :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    result_.logits[1] = logit;
    EXPECT_EQ(MakeReply(config_, options_, text_, result_, absl::ZeroDuration()).status().code(),
              absl::StatusCode::kInternal);
  }
}

}  // namespace
}  // namespace verdict
