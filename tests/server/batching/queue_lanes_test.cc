// The two lanes of server/batching/queue.h: what they promise to short and to long texts, and the
// estimates.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "tests/server/batching/texts.h"

namespace verdict {
namespace {

using ::testing::ElementsAre;

// Texts of up to 10 tokens are short.
constexpr TextQueue::Limits kLimits = {.max_batch_tokens = 40, .max_queue_tokens = 10'000};

std::vector<int32_t> PopIds(TextQueue& queue) { return Ids(queue.Pop(kNow).batch); }

int64_t TokensUntilDone(const TextQueue& queue, int64_t tokens) {
  std::vector<QueuedText> texts;
  texts.push_back(Text(0, tokens));
  return queue.WorkUntilDone(texts).tokens;
}

TEST(QueueLanesTest, AShortTextWaitsForAtMostOneLongBatch) {
  TextQueue queue(kLimits);
  for (int id = 1; id <= 5; ++id) ASSERT_TRUE(Push(queue, Text(id, 40)).ok());
  EXPECT_THAT(PopIds(queue), ElementsAre(1));
  ASSERT_TRUE(Push(queue, Text(10, 5)).ok());
  EXPECT_THAT(PopIds(queue), ElementsAre(10)) << "it came while a long one was computed";
  ASSERT_TRUE(Push(queue, Text(11, 5)).ok());
  EXPECT_THAT(PopIds(queue), ElementsAre(2));
  EXPECT_THAT(PopIds(queue), ElementsAre(11));
}

TEST(QueueLanesTest, ALongTextIsNotStarvedByShortOnes) {
  TextQueue queue(kLimits);
  for (int id = 1; id <= 16; ++id) ASSERT_TRUE(Push(queue, Text(id, 10)).ok());
  ASSERT_TRUE(Push(queue, Text(100, 40)).ok());
  ASSERT_TRUE(Push(queue, Text(101, 40)).ok());
  EXPECT_THAT(PopIds(queue), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(PopIds(queue), ElementsAre(100));
  EXPECT_THAT(PopIds(queue), ElementsAre(5, 6, 7, 8));
  EXPECT_THAT(PopIds(queue), ElementsAre(101));
}

TEST(QueueLanesTest, RoomThatOneLaneLeavesIsTheOthers) {
  TextQueue queue(kLimits);
  for (int id = 1; id <= 4; ++id) ASSERT_TRUE(Push(queue, Text(id, 10)).ok());
  ASSERT_TRUE(Push(queue, Text(100, 25)).ok());
  ASSERT_TRUE(Push(queue, Text(101, 15)).ok());
  EXPECT_THAT(PopIds(queue), ElementsAre(1, 2, 3, 4));
  for (int id = 5; id <= 7; ++id) ASSERT_TRUE(Push(queue, Text(id, 8)).ok());
  EXPECT_THAT(PopIds(queue), ElementsAre(100, 101));
  ASSERT_TRUE(Push(queue, Text(102, 11)).ok());
  EXPECT_THAT(PopIds(queue), ElementsAre(5, 6, 7, 102));
}

TEST(QueueLanesTest, OnlyTheFrontOfALaneFillsRoom) {
  TextQueue queue(kLimits);
  ASSERT_TRUE(Push(queue, Text(1, 9)).ok());
  ASSERT_TRUE(Push(queue, Text(100, 40)).ok());
  ASSERT_TRUE(Push(queue, Text(101, 11)).ok());  // would fit, but must not overtake
  EXPECT_THAT(PopIds(queue), ElementsAre(1));
  EXPECT_THAT(PopIds(queue), ElementsAre(100));
  EXPECT_THAT(PopIds(queue), ElementsAre(101));
}

TEST(QueueLanesTest, WhatFitsOneBatchIsDoneWithIt) {
  TextQueue queue(kLimits);
  EXPECT_EQ(TokensUntilDone(queue, 7), 7);
  ASSERT_TRUE(Push(queue, Text(1, 8)).ok());
  ASSERT_TRUE(Push(queue, Text(100, 12)).ok());
  EXPECT_EQ(TokensUntilDone(queue, 7), 27);
  EXPECT_EQ(queue.LeastWorkUntilDone().tokens, 21);
}

TEST(QueueLanesTest, BeyondOneBatchWorkIsWholeBatchesOfItsLane) {
  TextQueue queue(kLimits);
  for (int id = 1; id <= 8; ++id) ASSERT_TRUE(Push(queue, Text(id, 10)).ok());
  EXPECT_EQ(TokensUntilDone(queue, 10), 120);
  EXPECT_EQ(queue.WorkWaiting().tokens, 80);
  EXPECT_EQ(queue.WorkWaiting().batches, 2);
}

TEST(QueueLanesTest, AShortTextHasOneBatchOfManyLongOnesAhead) {
  TextQueue queue(kLimits);
  for (int id = 1; id <= 50; ++id) ASSERT_TRUE(Push(queue, Text(id, 40)).ok());
  ASSERT_THAT(PopIds(queue), ElementsAre(1));
  EXPECT_EQ(TokensUntilDone(queue, 5), 40) << "the next batch is its";
  ASSERT_TRUE(Push(queue, Text(100, 5)).ok());
  ASSERT_THAT(PopIds(queue), ElementsAre(100));
  EXPECT_EQ(TokensUntilDone(queue, 5), 80) << "the next is the long ones'";
}

TEST(QueueLanesTest, ALongTextCountsTheShortOnesThatKeepComing) {
  TextQueue queue(kLimits);
  int32_t id = 0;
  // Half of what is computed is short, though few of them wait at any time.
  for (int i = 0; i < 40; ++i) {
    for (int j = 0; j < 4; ++j) ASSERT_TRUE(Push(queue, Text(++id, 10)).ok());
    ASSERT_TRUE(Push(queue, Text(++id, 40)).ok());
    queue.Pop(kNow);
    queue.Pop(kNow);
  }
  ASSERT_TRUE(queue.empty());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Push(queue, Text(++id, 40)).ok());
  EXPECT_GE(TokensUntilDone(queue, 40), 2 * 6 * 40 - 40);
}

// The policy, as plain as can be.
class Model {
 public:
  struct Entry {
    int32_t id;
    int64_t tokens;
    absl::Time deadline;
  };

  void Push(Entry entry) {
    lanes_[entry.tokens > kLimits.max_batch_tokens / 4 ? 1 : 0].push_back(entry);
  }

  int64_t tokens() const {
    int64_t sum = 0;
    for (const auto& lane : lanes_) {
      for (const Entry& entry : lane) sum += entry.tokens;
    }
    return sum;
  }

  // Ids of the batch; `*expired` grows by what died.
  std::vector<int32_t> Pop(absl::Time now, absl::Time end, std::vector<int32_t>* expired) {
    for (auto& lane : lanes_) {
      std::deque<Entry> alive;
      for (const Entry& entry : lane) {
        if (entry.deadline > now) {
          alive.push_back(entry);
        } else {
          expired->push_back(entry.id);
        }
      }
      lane = alive;
    }
    std::vector<int32_t> batch;
    if (lanes_[0].empty() && lanes_[1].empty()) return batch;
    bool any_in_time = false;
    for (const auto& lane : lanes_) {
      for (const Entry& entry : lane) any_in_time |= entry.deadline >= end;
    }
    const int first = lanes_[turn_].empty() ? 1 - turn_ : turn_;
    int64_t taken = 0;
    for (const int lane : {first, 1 - first}) {
      while (!lanes_[lane].empty()) {
        const Entry entry = lanes_[lane].front();
        if (any_in_time && entry.deadline < end &&
            taken + tokens() - entry.tokens >= kLimits.max_batch_tokens) {
          expired->push_back(entry.id);
        } else if (batch.empty() || taken + entry.tokens <= kLimits.max_batch_tokens) {
          batch.push_back(entry.id);
          taken += entry.tokens;
        } else {
          break;
        }
        lanes_[lane].pop_front();
      }
    }
    turn_ = 1 - first;
    return batch;
  }

 private:
  std::deque<Entry> lanes_[2];
  int turn_ = 0;
};

TEST(QueueLanesTest, DoesWhatThePlainModelDoesInAnyRun) {
  std::mt19937 random(7);
  for (int run = 0; run < 300; ++run) {
    TextQueue queue(kLimits);
    Model model;
    absl::Time now = kNow;
    int32_t pushed = 0;
    size_t left = 0;
    for (int step = 0; step < 100; ++step) {
      now += absl::Seconds(1);
      if (random() % 3 != 0) {
        const auto tokens = static_cast<int64_t>(1 + random() % (random() % 2 == 0 ? 10 : 50));
        const absl::Time deadline = now + absl::Seconds(random() % 40);
        ASSERT_TRUE(Push(queue, Text(++pushed, tokens, deadline)).ok());
        model.Push({pushed, tokens, deadline});
      } else {
        const absl::Time end = now + absl::Seconds(random() % 5);
        const TextQueue::Popped popped = queue.Pop(now, end);
        std::vector<int32_t> expired;
        EXPECT_EQ(Ids(popped.batch), model.Pop(now, end, &expired));
        EXPECT_EQ(Ids(popped.expired), expired);
        left += popped.batch.size() + expired.size();
      }
      ASSERT_EQ(queue.tokens(), model.tokens());
      ASSERT_EQ(left + static_cast<size_t>(queue.texts()), static_cast<size_t>(pushed));
    }
  }
}

// Whoever waits in a lane sees at most one batch pass without a text of that lane.
TEST(QueueLanesTest, NeitherLaneWaitsForTwoBatchesInAnyRun) {
  std::mt19937 random(9);
  TextQueue queue(kLimits);
  int32_t pushed = 0;
  std::vector<bool> is_short = {false};
  int64_t waiting[2] = {0, 0};
  int passed[2] = {0, 0};
  for (int step = 0; step < 5'000; ++step) {
    for (unsigned i = random() % 8; i > 0 && queue.tokens() < 9'000; --i) {
      const auto tokens = static_cast<int64_t>(1 + random() % (random() % 3 != 0 ? 10 : 50));
      is_short.push_back(tokens <= 10);
      ASSERT_TRUE(Push(queue, Text(++pushed, tokens)).ok());
      ++waiting[is_short.back() ? 0 : 1];
    }
    const int64_t waited[2] = {waiting[0], waiting[1]};
    bool served[2] = {false, false};
    for (const int32_t id : PopIds(queue)) {
      const int lane = is_short[static_cast<size_t>(id)] ? 0 : 1;
      --waiting[lane];
      served[lane] = true;
    }
    for (const int lane : {0, 1}) {
      passed[lane] = waited[lane] == 0 || served[lane] ? 0 : passed[lane] + 1;
      EXPECT_LE(passed[lane], 1);
    }
  }
}

// With nothing more coming, a text is done no later than WorkUntilDone said.
TEST(QueueLanesTest, AnEstimateIsEnoughForEqualTextsOfEachLane) {
  std::mt19937 random(11);
  for (int run = 0; run < 2'000; ++run) {
    TextQueue queue(kLimits);
    const auto in_short = static_cast<int64_t>(1 + random() % 10);
    const auto in_long = static_cast<int64_t>(11 + random() % 30);
    const auto texts = static_cast<int32_t>(1 + random() % 60);
    int64_t estimate = 0;
    for (int32_t id = 1; id <= texts; ++id) {
      const int64_t tokens = random() % 2 == 0 ? in_short : in_long;
      estimate = TokensUntilDone(queue, tokens);
      ASSERT_TRUE(Push(queue, Text(id, tokens)).ok());
    }
    int64_t done = 0;
    for (bool found = false; !found;) {
      const TextQueue::Popped popped = queue.Pop(kNow);
      done += popped.tokens;
      for (const int32_t id : Ids(popped.batch)) found |= id == texts;
    }
    EXPECT_LE(done, estimate) << texts << " of " << in_short << " and " << in_long;
  }
}

}  // namespace
}  // namespace verdict
