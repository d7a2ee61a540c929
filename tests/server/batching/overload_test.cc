// The Batcher when there is more to do than can be done: what it refuses, and what it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "latency/steady_clock.h"
#include "server/contract/refusal.h"
#include "tests/server/batching/batcher_fixture.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class OverloadTest : public BatcherTest {
 protected:
  OverloadTest() {
    batcher_ = std::make_unique<Batcher>(
        &engine_, &metrics_,
        TextQueue::Limits{.max_batch_tokens = 12, .max_queue_tokens = 100'000});
  }

  // Shows the batcher an engine that takes `batch_time` for 12 tokens, or somewhat more.
  void TeachRate(absl::Duration batch_time = absl::Milliseconds(2)) {
    engine_.SetScript([batch_time](const Batch& batch) -> absl::StatusOr<Logits> {
      const absl::Time end = SteadyNow() + batch_time;
      while (SteadyNow() < end) {
      }
      return Logits{.values = std::vector<float>(static_cast<size_t>(batch.texts())), .labels = 1};
    });
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(Submit(outcomes_.Text(next_++, 12)).ok());
      outcomes_.Await(static_cast<size_t>(next_));
    }
    // The last batch is done a moment before the engine's thread says so.
    while (Exposes("verdict_tokens_per_second 0")) {
    }
  }

  // A quarter of a minute of work waits behind a batch that does not end.
  void FillQueue() {
    engine_.Hold();
    ASSERT_TRUE(Submit(outcomes_.Text(next_++, 12)).ok());
    engine_.AwaitRuns(static_cast<size_t>(next_));
    SubmitMany(7'500, 12);
  }

  void SubmitMany(int texts, int tokens) {
    std::vector<QueuedText> many;
    for (int i = 0; i < texts; ++i) many.push_back(outcomes_.Text(next_++, tokens));
    ASSERT_TRUE(batcher_->Submit(&many).ok());
  }

  absl::Status SubmitWithin(absl::Duration timeout) {
    QueuedText text = outcomes_.Text(next_, 12);
    text.deadline = SteadyNow() + timeout;
    absl::Status status = Submit(std::move(text));
    if (status.ok()) ++next_;
    return status;
  }

  int next_ = 0;
};

TEST_F(OverloadTest, WhatCannotBeDoneInTimeIsRefusedAtOnce) {
  TeachRate();
  FillQueue();
  const absl::Status status = SubmitWithin(absl::Seconds(5));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("the work ahead takes some"));
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"deadline\"} 1"));
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"queue_full\"} 0"));
  EXPECT_TRUE(SubmitWithin(absl::Hours(10)).ok());
  engine_.Release();
}

TEST_F(OverloadTest, ARefusalNeedsNoTokens) {
  TeachRate();
  EXPECT_TRUE(batcher_->CheckRoom({.deadline = SteadyNow() + absl::Seconds(5), .texts = 1}).ok());
  FillQueue();
  // Both lanes: the short texts' turn comes, but not for all of them.
  for (int i = 0; i < 3'000; ++i) ASSERT_TRUE(Submit(outcomes_.Text(next_++, 3)).ok());
  EXPECT_EQ(
      batcher_->CheckRoom({.deadline = SteadyNow() + absl::Milliseconds(100), .texts = 7}).code(),
      absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"deadline\"} 7"));
  EXPECT_TRUE(batcher_->CheckRoom({.deadline = SteadyNow() + absl::Hours(10), .texts = 1}).ok());
  EXPECT_TRUE(batcher_->CheckRoom({.deadline = absl::InfiniteFuture(), .texts = 1}).ok());
  engine_.Release();
}

TEST_F(OverloadTest, AFullQueueIsToldWithoutTokensToo) {
  engine_.Hold();
  ASSERT_TRUE(Submit(outcomes_.Text(0)).ok());
  engine_.AwaitRuns(1);
  ASSERT_TRUE(Submit(outcomes_.Text(1, 100'000)).ok());
  EXPECT_EQ(batcher_->CheckRoom({.deadline = absl::InfiniteFuture(), .texts = 2}).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"queue_full\"} 2"));
  engine_.Release();
}

TEST_F(OverloadTest, DrainingIsToldWithoutTokensToo) {
  batcher_->Drain(absl::InfiniteFuture());
  EXPECT_EQ(batcher_->CheckRoom({.deadline = absl::InfiniteFuture(), .texts = 3}).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"draining\"} 3"));
}

TEST_F(OverloadTest, NothingIsRefusedForTimeWhileTheRateIsUnknown) {
  FillQueue();
  EXPECT_TRUE(batcher_->CheckRoom({.deadline = SteadyNow() + absl::Seconds(5), .texts = 1}).ok());
  EXPECT_TRUE(SubmitWithin(absl::Seconds(5)).ok());
  EXPECT_TRUE(Exposes("verdict_tokens_per_second 0"));
  EXPECT_EQ(batcher_->TimeUntilDone(1), absl::Seconds(1));
  engine_.Release();
}

// Else one wrong estimate would refuse everything for ever.
TEST_F(OverloadTest, AnIdleEngineTakesEverythingWhateverTheEstimate) {
  TeachRate(absl::Milliseconds(50));
  EXPECT_TRUE(SubmitWithin(absl::Milliseconds(40)).ok()) << "at once: what is answered is done";
  outcomes_.Await(static_cast<size_t>(next_));
  std::vector<QueuedText> texts;
  for (int i = 0; i < 100; ++i) {
    texts.push_back(outcomes_.Text(next_++, 12));
    texts.back().deadline = SteadyNow() + absl::Milliseconds(40);
  }
  EXPECT_TRUE(
      batcher_->CheckRoom({.deadline = SteadyNow() + absl::Milliseconds(40), .texts = 100}).ok());
  EXPECT_TRUE(batcher_->Submit(&texts).ok());
}

// Nor are its texts ended for a time that they would only have taken before.
TEST_F(OverloadTest, WhatAnIdleEngineTookIsComputedWhateverTheEstimate) {
  constexpr int kTexts = 400;  // a batch each
  TeachRate(absl::Milliseconds(50));
  engine_.SetScript([](const Batch& batch) -> absl::StatusOr<Logits> {
    return Logits{.values = std::vector<float>(static_cast<size_t>(batch.texts())), .labels = 1};
  });
  const int first = next_;
  std::vector<QueuedText> texts;
  for (int i = 0; i < kTexts; ++i) {
    texts.push_back(outcomes_.Text(next_++, 12));
    texts.back().deadline = SteadyNow() + absl::Seconds(15);
  }
  ASSERT_TRUE(batcher_->Submit(&texts).ok());
  const auto outcomes = outcomes_.Await(static_cast<size_t>(next_));
  for (int i = first; i < next_; ++i) EXPECT_TRUE(outcomes.at(i).ok()) << outcomes.at(i).status();
}

TEST_F(OverloadTest, ARefusalSaysWhenTheSameRequestWillBeTaken) {
  TeachRate();
  FillQueue();
  const absl::Status late = SubmitWithin(absl::Seconds(5));
  ASSERT_TRUE(RefusalOf(late).has_value());
  EXPECT_EQ(RefusalOf(late)->reason, ShedReason::kDeadline);
  const absl::Duration ahead = batcher_->TimeUntilDone(1);
  EXPECT_GT(ahead, absl::Seconds(10));
  EXPECT_LT(RefusalOf(late)->retry_delay, ahead);
  EXPECT_GT(RefusalOf(late)->retry_delay, ahead - absl::Seconds(6));
  EXPECT_EQ(RefusalOf(SubmitWithin(absl::Milliseconds(1)))->retry_delay, std::nullopt)
      << "an engine with nothing else to do takes longer";
  engine_.Release();
}

TEST_F(OverloadTest, AFullQueueSaysWhenTheRequestWillFit) {
  TeachRate();
  FillQueue();
  SubmitMany(5'000, 2);
  const absl::Status full = batcher_->CheckRoom({.deadline = absl::InfiniteFuture()});
  ASSERT_TRUE(RefusalOf(full).has_value());
  EXPECT_EQ(RefusalOf(full)->reason, ShedReason::kQueueFull);
  EXPECT_LT(RefusalOf(full)->retry_delay, absl::Seconds(1)) << "one batch is enough";
  std::vector<QueuedText> texts;
  texts.push_back(outcomes_.Text(next_, 90'000));
  EXPECT_GT(RefusalOf(batcher_->Submit(&texts))->retry_delay, absl::Seconds(10));
  engine_.Release();
}

TEST_F(OverloadTest, TimeUntilDoneGrowsWithTheWorkAhead) {
  TeachRate();
  EXPECT_LT(batcher_->TimeUntilDone(1), absl::Seconds(5));
  FillQueue();
  EXPECT_GT(batcher_->TimeUntilDone(1), absl::Seconds(10));
  EXPECT_LT(batcher_->TimeUntilDone(0.001), absl::Seconds(1));
  engine_.Release();
}

TEST_F(OverloadTest, ExpiredAndCancelledLeaveWhileTheEngineIsBusy) {
  constexpr int kTexts = 1'000;
  engine_.Hold();
  ASSERT_TRUE(Submit(outcomes_.Text(0)).ok());
  engine_.AwaitRuns(1);
  const std::atomic<absl::StatusCode> abandoned = absl::StatusCode::kCancelled;
  for (int i = 1; i <= kTexts; ++i) {
    QueuedText text = outcomes_.Text(i);
    if (i % 2 == 0) {
      text.abandoned = &abandoned;
    } else {
      text.deadline = SteadyNow() + absl::Milliseconds(5);
    }
    ASSERT_TRUE(Submit(std::move(text)).ok());
  }
  for (const auto& [number, result] : outcomes_.Await(kTexts)) {
    EXPECT_EQ(result.status().code(),
              number % 2 == 0 ? absl::StatusCode::kCancelled : absl::StatusCode::kDeadlineExceeded);
  }
  EXPECT_TRUE(Exposes("verdict_queue_texts 0"));
  EXPECT_TRUE(Exposes("verdict_queue_tokens 0"));
  EXPECT_TRUE(Exposes("verdict_expired_total{stage=\"queue\"} 500"));
  engine_.Release();
  batcher_->Drain(absl::InfiniteFuture());
  EXPECT_THAT(engine_.batches(), SizeIs(1));
}

TEST_F(OverloadTest, ACallerThatLeftDuringTheBatchGetsNoResult) {
  for (const absl::StatusCode code :
       {absl::StatusCode::kCancelled, absl::StatusCode::kDeadlineExceeded}) {
    engine_.Hold();
    std::atomic<absl::StatusCode> abandoned = absl::StatusCode::kOk;
    QueuedText text = outcomes_.Text(next_++);
    text.abandoned = &abandoned;
    ASSERT_TRUE(Submit(std::move(text)).ok());
    engine_.AwaitRuns(static_cast<size_t>(next_));
    abandoned = code;
    engine_.Release();
    const auto count = static_cast<size_t>(next_);
    EXPECT_EQ(outcomes_.Await(count).at(next_ - 1).status().code(), code);
  }
  EXPECT_TRUE(Exposes("verdict_expired_total{stage=\"inference\"} 1"));
  EXPECT_TRUE(Exposes("verdict_expired_total{stage=\"queue\"} 0"));
}

TEST_F(OverloadTest, DrainWaitsForThoseThatTheSweepEnds) {
  engine_.Hold();
  ASSERT_TRUE(Submit(outcomes_.Text(0)).ok());
  engine_.AwaitRuns(1);
  for (int i = 1; i <= 100; ++i) {
    QueuedText text = outcomes_.Text(i);
    text.deadline = SteadyNow();
    ASSERT_TRUE(Submit(std::move(text)).ok());
  }
  std::thread release([this] {
    outcomes_.Await(1);
    engine_.Release();
  });
  batcher_->Drain(absl::InfiniteFuture());
  EXPECT_EQ(outcomes_.count(), 101U);
  release.join();
}

}  // namespace
}  // namespace verdict
