#include "server/batching/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/server/batching/texts.h"

namespace verdict {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr TextQueue::Limits kLimits = {.max_batch_tokens = 10, .max_queue_tokens = 30};

constexpr absl::Duration kTick = absl::Nanoseconds(1);

TEST(TextQueueTest, AnEmptyQueueHasNoBatch) {
  TextQueue queue(kLimits);
  EXPECT_TRUE(queue.empty());
  const TextQueue::Popped popped = queue.Pop(kNow);
  EXPECT_THAT(popped.batch, IsEmpty());
  EXPECT_THAT(popped.expired, IsEmpty());
  EXPECT_THAT(popped.cancelled, IsEmpty());
}

TEST(TextQueueTest, ABatchIsWhatWaitsInTheOrderItCame) {
  TextQueue queue(kLimits);
  for (int id = 1; id <= 3; ++id) ASSERT_TRUE(Push(queue, Text(id, 3)).ok());
  EXPECT_THAT(Ids(queue.Pop(kNow).batch), ElementsAre(1, 2, 3));
  EXPECT_TRUE(queue.empty());
}

TEST(TextQueueTest, ABatchHoldsAtMostItsTokens) {
  TextQueue queue(kLimits);
  for (int id = 1; id <= 5; ++id) ASSERT_TRUE(Push(queue, Text(id, 5)).ok());
  EXPECT_THAT(Ids(queue.Pop(kNow).batch), ElementsAre(1, 2));
  EXPECT_THAT(Ids(queue.Pop(kNow).batch), ElementsAre(3, 4));
  EXPECT_THAT(Ids(queue.Pop(kNow).batch), ElementsAre(5));
}

TEST(TextQueueTest, ATextLargerThanABatchGoesAlone) {
  TextQueue queue(kLimits);
  ASSERT_TRUE(Push(queue, Text(1, 25)).ok());
  ASSERT_TRUE(Push(queue, Text(2, 3)).ok());
  EXPECT_THAT(Ids(queue.Pop(kNow).batch), ElementsAre(1));
  EXPECT_THAT(Ids(queue.Pop(kNow).batch), ElementsAre(2));
}

TEST(TextQueueTest, RejectsWhenFullAndLeavesTheRequestIntact) {
  TextQueue queue(kLimits);
  ASSERT_TRUE(Push(queue, Text(1, 28)).ok());
  std::vector<QueuedText> texts;
  texts.push_back(Text(2, 2));
  texts.push_back(Text(3, 1));
  const absl::Status status = queue.Push(&texts, kNow);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("28 tokens wait, 3 more do not fit"));
  EXPECT_THAT(Ids(texts), ElementsAre(2, 3));
  EXPECT_EQ(texts[0].tokens(), 2);
  EXPECT_EQ(queue.texts(), 1);
  EXPECT_EQ(queue.tokens(), 28);
}

TEST(TextQueueTest, TakesExactlyItsTokens) {
  TextQueue queue(kLimits);
  EXPECT_TRUE(Push(queue, Text(1, 28)).ok());
  EXPECT_TRUE(Push(queue, Text(2, 2)).ok());
  EXPECT_EQ(Push(queue, Text(3, 1)).code(), absl::StatusCode::kResourceExhausted);
}

TEST(TextQueueTest, WhatCanNeverFitIsInvalidArgument) {
  TextQueue queue(kLimits);
  const absl::Status status = Push(queue, Text(1, 31));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("31 tokens"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--max-queue-tokens allows 30"));
}

QueuedText OfStream(QueuedText text) {
  text.of_stream = true;
  return text;
}

TEST(TextQueueTest, StreamsHaveRoomUntilABatchOfTheirsWaits) {
  TextQueue queue(kLimits);
  ASSERT_TRUE(Push(queue, Text(1, 30)).ok());
  EXPECT_TRUE(queue.StreamsHaveRoom());
  ASSERT_TRUE(Push(queue, OfStream(Text(2, 9))).ok());
  EXPECT_TRUE(queue.StreamsHaveRoom());
  ASSERT_TRUE(Push(queue, OfStream(Text(3, 1))).ok());
  EXPECT_FALSE(queue.StreamsHaveRoom());
  queue.Pop(kNow);
  queue.Pop(kNow);
  EXPECT_TRUE(queue.StreamsHaveRoom()) << "2 left with the second batch";
}

TEST(TextQueueTest, ExpiredAndTakenTextsOfStreamsMakeRoom) {
  TextQueue queue(kLimits);
  ASSERT_TRUE(Push(queue, OfStream(Text(1, 10, kNow))).ok());
  EXPECT_FALSE(queue.StreamsHaveRoom());
  queue.TakeDead(kNow);
  EXPECT_TRUE(queue.StreamsHaveRoom());
  ASSERT_TRUE(Push(queue, OfStream(Text(2, 10))).ok());
  queue.TakeAll();
  EXPECT_TRUE(queue.StreamsHaveRoom());
}

TEST(TextQueueTest, CallsAndStreamsDoNotTakeEachOthersRoom) {
  TextQueue queue(kLimits);
  ASSERT_TRUE(Push(queue, Text(1, 30)).ok());
  ASSERT_TRUE(Push(queue, OfStream(Text(2, 10))).ok()) << "whoever asked for room pushes";
  EXPECT_EQ(queue.tokens(), 40);
  queue.Pop(kNow);
  EXPECT_EQ(Push(queue, OfStream(Text(3, 31))).code(), absl::StatusCode::kInvalidArgument);
}

// Else a call would wait for all that streams have brought.
TEST(TextQueueTest, CallsAndStreamsTakeTurnsByTokens) {
  TextQueue queue(kLimits);
  for (int id = 1; id <= 5; ++id) {
    QueuedText text = Text(id, 4);
    text.of_stream = true;
    ASSERT_TRUE(Push(queue, std::move(text)).ok());
  }
  for (int id = 6; id <= 8; ++id) ASSERT_TRUE(Push(queue, Text(id, 4)).ok());
  EXPECT_THAT(Ids(queue.Pop(kNow).batch), ElementsAre(6, 1));
  EXPECT_THAT(Ids(queue.Pop(kNow).batch), ElementsAre(7, 2));
  EXPECT_THAT(Ids(queue.Pop(kNow).batch), ElementsAre(8, 3));
  EXPECT_THAT(Ids(queue.Pop(kNow).batch), ElementsAre(4, 5));
}

TEST(TextQueueTest, OfTheOtherKindACallWaitsForAsMuchAsItBrings) {
  TextQueue queue(kLimits);
  for (int id = 1; id <= 5; ++id) {
    QueuedText text = Text(id, 5);
    text.of_stream = true;
    ASSERT_TRUE(Push(queue, std::move(text)).ok());
  }
  std::vector<QueuedText> one;
  one.push_back(Text(6, 5));
  EXPECT_EQ(queue.WorkUntilDone(one).batches, 1);
  one.front().of_stream = true;
  EXPECT_EQ(queue.WorkUntilDone(one).batches, 3);
}

TEST(TextQueueTest, ExpiredNeverReachesABatch) {
  TextQueue queue(kLimits);
  ASSERT_TRUE(Push(queue, Text(1, 2, kNow + absl::Seconds(1))).ok());
  ASSERT_TRUE(Push(queue, Text(2, 2, kNow + absl::Seconds(3))).ok());
  const TextQueue::Popped popped = queue.Pop(kNow + absl::Seconds(2));
  EXPECT_THAT(Ids(popped.batch), ElementsAre(2));
  EXPECT_THAT(Ids(popped.expired), ElementsAre(1));
}

TEST(TextQueueTest, ADeadlineIsOverWhenItsMomentComes) {
  TextQueue queue(kLimits);
  ASSERT_TRUE(Push(queue, Text(1, 2, kNow)).ok());
  EXPECT_THAT(Ids(queue.Pop(kNow).expired), ElementsAre(1));
}

TEST(TextQueueTest, CancelledNeverReachesABatch) {
  TextQueue queue(kLimits);
  std::atomic<absl::StatusCode> abandoned = absl::StatusCode::kOk;
  QueuedText text = Text(1, 2);
  text.abandoned = &abandoned;
  ASSERT_TRUE(Push(queue, std::move(text)).ok());
  ASSERT_TRUE(Push(queue, Text(2, 2)).ok());
  abandoned = absl::StatusCode::kCancelled;
  const TextQueue::Popped popped = queue.Pop(kNow);
  EXPECT_THAT(Ids(popped.batch), ElementsAre(2));
  EXPECT_THAT(Ids(popped.cancelled), ElementsAre(1));
}

TEST(TextQueueTest, AbandonedWithDeadlineExceededIsExpired) {
  TextQueue queue(kLimits);
  const std::atomic<absl::StatusCode> abandoned = absl::StatusCode::kDeadlineExceeded;
  QueuedText text = Text(1, 2);
  text.abandoned = &abandoned;
  ASSERT_TRUE(Push(queue, std::move(text)).ok());
  const TextQueue::Popped popped = queue.Pop(kNow);
  EXPECT_THAT(popped.batch, IsEmpty());
  EXPECT_THAT(Ids(popped.expired), ElementsAre(1));
}

TEST(TextQueueTest, BothExpiredAndCancelledIsExpired) {
  TextQueue queue(kLimits);
  std::atomic<absl::StatusCode> abandoned = absl::StatusCode::kCancelled;
  QueuedText text = Text(1, 2, kNow);
  text.abandoned = &abandoned;
  ASSERT_TRUE(Push(queue, std::move(text)).ok());
  const TextQueue::Popped popped = queue.Pop(kNow);
  EXPECT_THAT(Ids(popped.expired), ElementsAre(1));
  EXPECT_THAT(popped.cancelled, IsEmpty());
}

TEST(TextQueueTest, ExpiredAndCancelledLeaveFromBehindAFullBatchToo) {
  TextQueue queue(kLimits);
  ASSERT_TRUE(Push(queue, Text(1, 10)).ok());
  ASSERT_TRUE(Push(queue, Text(2, 10)).ok());
  ASSERT_TRUE(Push(queue, Text(3, 10, kNow)).ok());
  const TextQueue::Popped popped = queue.Pop(kNow);
  EXPECT_THAT(Ids(popped.batch), ElementsAre(1));
  EXPECT_THAT(Ids(popped.expired), ElementsAre(3));
  EXPECT_EQ(queue.texts(), 1);
  EXPECT_EQ(queue.tokens(), 10);
}

TEST(TextQueueTest, ATextKnowsWhenItCame) {
  TextQueue queue(kLimits);
  ASSERT_TRUE(Push(queue, Text(1, 1), kNow).ok());
  ASSERT_TRUE(Push(queue, Text(2, 1), kNow + absl::Seconds(1)).ok());
  const TextQueue::Popped popped = queue.Pop(kNow + absl::Seconds(2));
  EXPECT_EQ(popped.batch.at(0).queued_at, kNow);
  EXPECT_EQ(popped.batch.at(1).queued_at, kNow + absl::Seconds(1));
}

TEST(TextQueueTest, ExpiredAndCancelledCanBeTakenWithoutABatch) {
  TextQueue queue(kLimits);
  const std::atomic<absl::StatusCode> abandoned = absl::StatusCode::kCancelled;
  QueuedText cancelled = Text(1, 3);
  cancelled.abandoned = &abandoned;
  ASSERT_TRUE(Push(queue, std::move(cancelled)).ok());
  ASSERT_TRUE(Push(queue, Text(2, 4)).ok());
  ASSERT_TRUE(Push(queue, Text(3, 1, kNow)).ok());
  const TextQueue::Popped dead = queue.TakeDead(kNow);
  EXPECT_THAT(dead.batch, IsEmpty());
  EXPECT_THAT(Ids(dead.cancelled), ElementsAre(1));
  EXPECT_THAT(Ids(dead.expired), ElementsAre(3));
  EXPECT_EQ(queue.tokens(), 4);
}

// The batch will be done at kNow + 1 s.
TEST(TextQueueTest, ALateTextLeavesItsPlaceToOneInTime) {
  const absl::Time end = kNow + absl::Seconds(1);
  TextQueue queue(kLimits);
  ASSERT_TRUE(Push(queue, Text(1, 5, end - absl::Nanoseconds(1))).ok());
  ASSERT_TRUE(Push(queue, Text(2, 5, end)).ok());
  ASSERT_TRUE(Push(queue, Text(3, 5)).ok());
  const TextQueue::Popped popped = queue.Pop(kNow, end);
  EXPECT_THAT(Ids(popped.batch), ElementsAre(2, 3));
  EXPECT_EQ(popped.tokens, 10);
  EXPECT_THAT(Ids(popped.expired), ElementsAre(1));
  EXPECT_TRUE(queue.empty());
}

TEST(TextQueueTest, ALateTextIsTriedWhereNobodyElseNeedsThePlace) {
  const absl::Time end = kNow + absl::Seconds(1);
  TextQueue queue(kLimits);
  for (int id = 1; id <= 2; ++id) ASSERT_TRUE(Push(queue, Text(id, 5, kNow + kTick)).ok());
  ASSERT_TRUE(Push(queue, Text(3, 5, end)).ok());
  const TextQueue::Popped popped = queue.Pop(kNow, end);
  EXPECT_THAT(Ids(popped.expired), ElementsAre(1));
  EXPECT_THAT(Ids(popped.batch), ElementsAre(2, 3));
}

TEST(TextQueueTest, IfAllMayBeLateAllAreTried) {
  TextQueue queue(kLimits);
  for (int id = 1; id <= 5; ++id) ASSERT_TRUE(Push(queue, Text(id, 5, kNow + kTick)).ok());
  const TextQueue::Popped popped = queue.Pop(kNow, kNow + absl::Seconds(1));
  EXPECT_THAT(Ids(popped.expired), IsEmpty());
  EXPECT_THAT(Ids(popped.batch), ElementsAre(1, 2));
}

// 1 and 4 are long, and so wait in a lane of their own.
TEST(TextQueueTest, TheOldestIsTheOneThatCameFirstInEitherLane) {
  TextQueue queue(kLimits);
  EXPECT_EQ(queue.OldestAge(kNow), absl::ZeroDuration());
  const auto at = [](int seconds) { return kNow + absl::Seconds(seconds); };
  ASSERT_TRUE(Push(queue, Text(1, 8), at(0)).ok());
  ASSERT_TRUE(Push(queue, Text(2, 2), at(1)).ok());
  ASSERT_TRUE(Push(queue, Text(3, 2), at(2)).ok());
  EXPECT_EQ(queue.OldestAge(at(5)), absl::Seconds(5));
  ASSERT_THAT(Ids(queue.Pop(at(5)).batch), ElementsAre(2, 3));
  EXPECT_EQ(queue.OldestAge(at(5)), absl::Seconds(5));
  ASSERT_TRUE(Push(queue, Text(4, 8), at(6)).ok());
  ASSERT_THAT(Ids(queue.Pop(at(6)).batch), ElementsAre(1));
  EXPECT_EQ(queue.OldestAge(at(7)), absl::Seconds(1));
  ASSERT_THAT(Ids(queue.Pop(at(7)).batch), ElementsAre(4));
  EXPECT_EQ(queue.OldestAge(at(9)), absl::ZeroDuration());
}

TEST(TextQueueTest, TakeAllLeavesAnEmptyQueue) {
  TextQueue queue(kLimits);
  for (int id = 1; id <= 5; ++id) ASSERT_TRUE(Push(queue, Text(id, 6)).ok());
  EXPECT_THAT(Ids(queue.TakeAll()), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.tokens(), 0);
  EXPECT_TRUE(Push(queue, Text(6, 30)).ok());
}

}  // namespace
}  // namespace verdict
