#include "engine/workers.h"

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
