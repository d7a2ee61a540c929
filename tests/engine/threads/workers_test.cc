#include "engine/threads/workers.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::Each;

TEST(WorkersTest, EveryItemRunsExactlyOnce) {
  for (int threads : {1, 2, 5}) {
    Workers workers(threads);
    for (int items : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> runs(items);
      workers.ParallelFor(items, [&](int item, int) { runs[item].fetch_add(1); });
      for (const auto& count : runs) EXPECT_EQ(count.load(), 1) << threads << " threads";
    }
  }
}

TEST(WorkersTest, WorkersAreNumberedFromZeroAndNeverShareANumberAtATime) {
  Workers workers(3);
  std::vector<std::atomic<int>> inside(3);
  std::atomic<bool> shared = false;
  workers.ParallelFor(500, [&](int, int worker) {
    if (inside[worker].fetch_add(1) != 0) shared = true;
    inside[worker].fetch_sub(1);
  });
  EXPECT_FALSE(shared);
}

TEST(WorkersTest, WhatARoundWroteTheNextRoundReads) {
  Workers workers(4);
  std::vector<int> values(256, 0);
  for (int round = 1; round <= 200; ++round) {
    // Reversed, so that a value is mostly another thread's.
    workers.ParallelFor(256, [&](int item, int) {
      int& value = values[round % 2 == 0 ? item : 255 - item];
      if (value == round - 1) value = round;
    });
    ASSERT_THAT(values, Each(round));
  }
}

TEST(WorkersTest, OthersTakeTheShareOfAThreadThatIsHeldUp) {
  Workers workers(2);
  constexpr int kItems = 100;
  for (int held = 0; held < kItems; held += kItems - 1) {  // one of either thread's share
    std::atomic<int> done = 0;
    workers.ParallelFor(kItems, [&](int item, int) {
      if (item == held) {
        while (done.load() < kItems - 1) std::this_thread::yield();
      }
      ++done;
    });
    EXPECT_EQ(done, kItems);
  }
}

// Far more threads than cores, so that most of them wake up when a round is over already; and
// rounds called from one thread's stack and another's.
TEST(WorkersTest, AThreadThatComesLateRunsWhatThePresentRoundAsksFor) {
  Workers workers(16);
  std::vector<int> runs(32);
  for (int round = 1; round <= 1000; ++round) {
    const int items = 2 + round % 31;
    std::fill(runs.begin(), runs.end(), 0);
    const auto run = [&] {
      workers.ParallelFor(items, [&runs, round](int item, int) { runs[item] += round; });
    };
    if (round % 2 == 0) {
      run();
    } else {
      std::thread(run).join();
    }
    for (int item = 0; item < items; ++item) ASSERT_EQ(runs[item], round) << item;
  }
}

TEST(WorkersTest, SharesFollowEachOtherAndHoldAllItems) {
  Workers workers(3);
  for (int items : {0, 1, 2, 3, 100}) {
    EXPECT_EQ(workers.FirstItem(0, items), 0);
    EXPECT_EQ(workers.FirstItem(3, items), items);
    for (int worker = 0; worker < 3; ++worker) {
      EXPECT_LE(workers.FirstItem(worker, items), workers.FirstItem(worker + 1, items));
    }
  }
}

TEST(WorkersTest, AnyThreadMayCallAfterAnother) {
  Workers workers(2);
  std::atomic<int> sum = 0;
  for (int i = 0; i < 3; ++i) {
    std::thread([&] { workers.ParallelFor(10, [&](int item, int) { sum += item; }); }).join();
  }
  EXPECT_EQ(sum, 3 * 45);
}

}  // namespace
}  // namespace verdict
