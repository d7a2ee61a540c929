#include "server/batching/batcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "latency/steady_clock.h"
#include "tests/server/batching/batcher_fixture.h"

namespace verdict {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST_F(BatcherTest, EveryTextGetsItsOwnLogits) {
  std::vector<QueuedText> texts;
  for (int i = 1; i <= 5; ++i) texts.push_back(outcomes_.Text(i, i));
  ASSERT_TRUE(batcher_->Submit(&texts).ok());
  EXPECT_THAT(texts, SizeIs(0));
  for (const auto& [number, result] : outcomes_.Await(5)) {
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_THAT(result->logits, ElementsAre(static_cast<float>(number), 0.0F));
    EXPECT_GE(result->queue, absl::ZeroDuration());
    EXPECT_GE(result->inference, absl::ZeroDuration());
  }
}

TEST_F(BatcherTest, TextsSubmittedTogetherShareABatch) {
  std::vector<QueuedText> texts;
  for (int i = 1; i <= 4; ++i) texts.push_back(outcomes_.Text(i));
  ASSERT_TRUE(batcher_->Submit(&texts).ok());
  outcomes_.Await(4);
  ASSERT_THAT(engine_.batches(), SizeIs(1));
  EXPECT_EQ(engine_.batches()[0].texts(), 4);
}

TEST_F(BatcherTest, ABatchFormsWhileTheEngineIsBusy) {
  HoldEngine();
  for (int i = 1; i <= 5; ++i) ASSERT_TRUE(Submit(outcomes_.Text(i)).ok());
  engine_.Release();
  outcomes_.Await(6);
  const std::vector<Batch> batches = engine_.batches();
  ASSERT_THAT(batches, SizeIs(3));
  EXPECT_EQ(batches[0].texts(), 1);
  EXPECT_EQ(batches[1].texts(), 4);  // of 3 tokens each, in 12
  EXPECT_EQ(batches[2].texts(), 1);
}

TEST_F(BatcherTest, EqualTextsOfABatchAreComputedOnceAndAllAnswered) {
  HoldEngine();
  for (int i = 1; i <= 4; ++i) {
    QueuedText text = outcomes_.Text(i);
    text.input_ids = i % 2 == 0 ? std::vector<int32_t>{7, 7} : std::vector<int32_t>{i, 8, 9};
    ASSERT_TRUE(Submit(std::move(text)).ok());
  }
  engine_.Release();
  const auto results = outcomes_.Await(5);
  const Batch batch = engine_.batches()[1];
  EXPECT_THAT(batch.input_ids, ElementsAre(1, 8, 9, 7, 7, 3, 8, 9));
  for (int i = 1; i <= 4; ++i) {
    ASSERT_TRUE(results.at(i).ok());
    EXPECT_EQ(results.at(i)->logits[0], i % 2 == 0 ? 2 : 3) << "its number of tokens";
  }
}

TEST_F(BatcherTest, EqualTokensInOtherSegmentsAreAnotherText) {
  HoldEngine();
  for (int i = 1; i <= 4; ++i) {
    QueuedText text = outcomes_.Text(i);
    text.input_ids = {7, 8, 9};
    if (i > 1) text.first_segment = i / 2;  // 1, 1, 2
    ASSERT_TRUE(Submit(std::move(text)).ok());
  }
  engine_.Release();
  outcomes_.Await(5);
  EXPECT_THAT(engine_.batches()[1].first_segments, ElementsAre(kOneSegment, 1, 2));
}

TEST_F(BatcherTest, RejectsWhenFullAndLeavesTheRequestIntact) {
  HoldEngine();
  for (int i = 1; i <= 10; ++i) ASSERT_TRUE(Submit(outcomes_.Text(i)).ok());
  std::vector<QueuedText> texts;
  texts.push_back(outcomes_.Text(11));
  EXPECT_EQ(batcher_->Submit(&texts).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(texts, SizeIs(1));
  EXPECT_THAT(texts[0].input_ids, ElementsAre(11, 11, 11));
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"queue_full\"} 1"));
  EXPECT_TRUE(Exposes("verdict_queue_tokens 30"));
  engine_.Release();
  EXPECT_THAT(outcomes_.Await(11), SizeIs(11));
  EXPECT_TRUE(Submit(outcomes_.Text(12)).ok());
  outcomes_.Await(12);
}

TEST_F(BatcherTest, ExpiredNeverReachesABatch) {
  HoldEngine();
  QueuedText late = outcomes_.Text(1);
  late.deadline = SteadyNow();
  ASSERT_TRUE(Submit(std::move(late)).ok());
  ASSERT_TRUE(Submit(outcomes_.Text(2)).ok());
  engine_.Release();
  const auto outcomes = outcomes_.Await(3);
  EXPECT_EQ(outcomes.at(1).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(outcomes.at(2).ok());
  ASSERT_THAT(engine_.batches(), SizeIs(2));
  EXPECT_THAT(engine_.batches()[1].input_ids, ElementsAre(2, 2, 2));
  EXPECT_TRUE(Exposes("verdict_expired_total{stage=\"queue\"} 1"));
}

TEST_F(BatcherTest, CancelledNeverReachesABatch) {
  HoldEngine();
  std::atomic<absl::StatusCode> abandoned = absl::StatusCode::kOk;
  QueuedText text = outcomes_.Text(1);
  text.abandoned = &abandoned;
  ASSERT_TRUE(Submit(std::move(text)).ok());
  abandoned = absl::StatusCode::kCancelled;
  engine_.Release();
  EXPECT_EQ(outcomes_.Await(2).at(1).status().code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(engine_.batches(), SizeIs(1));
}

TEST_F(BatcherTest, AnEngineErrorReachesEveryTextOfTheBatchAndNoDetailDoes) {
  HoldEngine();
  engine_.SetScript([](const Batch&) { return absl::InternalError("secret: kernel 7 fell over"); });
  ASSERT_TRUE(Submit(outcomes_.Text(1)).ok());
  ASSERT_TRUE(Submit(outcomes_.Text(2)).ok());
  engine_.Release();
  for (const auto& [number, result] : outcomes_.Await(3)) {
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInternal) << number;
    EXPECT_FALSE(absl::StrContains(result.status().message(), "secret"));
  }
}

TEST_F(BatcherTest, WorksOnAfterAnEngineError) {
  engine_.SetScript([](const Batch&) { return absl::InternalError("no"); });
  ASSERT_TRUE(Submit(outcomes_.Text(1)).ok());
  outcomes_.Await(1);
  engine_.SetScript([](const Batch& batch) -> absl::StatusOr<Logits> {
    return Logits{.values = std::vector<float>(batch.texts()), .labels = 1};
  });
  ASSERT_TRUE(Submit(outcomes_.Text(2)).ok());
  EXPECT_TRUE(outcomes_.Await(2).at(2).ok());
}

TEST_F(BatcherTest, DrainFinishesWhatWasTaken) {
  HoldEngine();
  for (int i = 1; i <= 9; ++i) ASSERT_TRUE(Submit(outcomes_.Text(i)).ok());
  std::thread release([this] { engine_.Release(); });
  EXPECT_EQ(batcher_->Drain(absl::InfiniteFuture()), 0U);
  EXPECT_EQ(outcomes_.count(), 10U);  // without waiting: Drain has
  for (const auto& [number, result] : outcomes_.Await(10)) EXPECT_TRUE(result.ok()) << number;
  release.join();
}

TEST_F(BatcherTest, DrainingRefusesNewTexts) {
  batcher_->Drain(absl::InfiniteFuture());
  std::vector<QueuedText> texts;
  texts.push_back(outcomes_.Text(1));
  EXPECT_EQ(batcher_->Submit(&texts).code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(texts, SizeIs(1));
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"draining\"} 1"));
}

TEST_F(BatcherTest, AnEngineThatDoesNotMoveThoughItHasWorkIsStalled) {
  EXPECT_EQ(batcher_->Stalled(SteadyNow() + absl::Hours(1)), absl::ZeroDuration());  // idle
  const absl::Time start = SteadyNow();
  HoldEngine();
  ASSERT_TRUE(Submit(outcomes_.Text(1)).ok());
  const absl::Duration stalled = batcher_->Stalled(SteadyNow() + absl::Hours(1));
  EXPECT_GE(stalled, absl::Hours(1));
  EXPECT_LE(stalled, SteadyNow() + absl::Hours(1) - start);
  engine_.Release();
  outcomes_.Await(2);
}

TEST_F(BatcherTest, DrainEndsTheRestWhenItsTimeIsOver) {
  HoldEngine();
  for (int i = 1; i <= 4; ++i) ASSERT_TRUE(Submit(outcomes_.Text(i)).ok());
  EXPECT_EQ(batcher_->Drain(absl::InfinitePast()), 4U);
  const auto ended = outcomes_.Await(4);
  for (int i = 1; i <= 4; ++i) {
    EXPECT_EQ(ended.at(i).status().code(), absl::StatusCode::kUnavailable);
  }
  engine_.Release();
  EXPECT_TRUE(outcomes_.Await(5).at(0).ok());  // was in the engine, and is answered
}

TEST_F(BatcherTest, TheDestructorEndsEveryText) {
  HoldEngine();
  for (int i = 1; i <= 4; ++i) ASSERT_TRUE(Submit(outcomes_.Text(i)).ok());
  std::thread release([this] { engine_.Release(); });
  batcher_.reset();
  EXPECT_EQ(outcomes_.count(), 5U);
  release.join();
}

TEST_F(BatcherTest, TextsMaySubmitTexts) {
  QueuedText first = outcomes_.Text(1);
  first.done = [this, done = first.done](absl::StatusOr<TextResult> result) {
    EXPECT_TRUE(Submit(outcomes_.Text(2)).ok());
    done(std::move(result));
  };
  ASSERT_TRUE(Submit(std::move(first)).ok());
  EXPECT_THAT(outcomes_.Await(2), SizeIs(2));
}

TEST_F(BatcherTest, ManyThreadsEachGetTheirOwn) {
  constexpr int kThreads = 8;
  constexpr int kTexts = 200;
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread, &taken] {
      for (int i = 0; i < kTexts; ++i) {
        const int tokens = 1 + i % 5;
        if (Submit(outcomes_.Text(thread * kTexts + i, tokens)).ok()) ++taken;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  batcher_->Drain(absl::InfiniteFuture());
  ASSERT_EQ(outcomes_.count(), static_cast<size_t>(taken));
  for (const auto& [number, result] : outcomes_.Await(0)) {
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->logits[0], static_cast<float>(1 + number % kTexts % 5));
  }
}

// The sweeps report it: nothing else happens while the engine is busy.
TEST_F(BatcherTest, TheAgeOfWhatWaitsGrowsWhileTheEngineIsBusy) {
  HoldEngine();
  ASSERT_TRUE(Submit(outcomes_.Text(1)).ok());
  while (Exposes("verdict_queue_oldest_seconds 0")) std::this_thread::yield();
  engine_.Release();
  outcomes_.Await(2);
  batcher_->Drain(absl::InfiniteFuture());
  EXPECT_TRUE(Exposes("verdict_queue_oldest_seconds 0"));
}

TEST_F(BatcherTest, TellsTheMostThatMayWait) {
  EXPECT_TRUE(Exposes("verdict_queue_tokens_limit 30"));
}

TEST_F(BatcherTest, CountsWhatItComputes) {
  std::vector<QueuedText> texts;
  for (int i = 1; i <= 3; ++i) texts.push_back(outcomes_.Text(i, 2));
  ASSERT_TRUE(batcher_->Submit(&texts).ok());
  batcher_->Drain(absl::InfiniteFuture());
  EXPECT_TRUE(Exposes("verdict_tokens_total 6"));
  EXPECT_TRUE(Exposes("verdict_batch_texts_count 1"));
  EXPECT_TRUE(Exposes("verdict_batch_texts_sum 3"));
  EXPECT_FALSE(Exposes("verdict_engine_busy_seconds_total 0"));
  EXPECT_TRUE(Exposes("verdict_queue_texts 0"));
  EXPECT_TRUE(Exposes("verdict_queue_tokens 0"));
}

}  // namespace
}  // namespace verdict
