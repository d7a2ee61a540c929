#include "engine/layers/linear_scratch.h"

#include <chrono>

#include "gtest/gtest.h"

namespace verdict {
namespace {

using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;

// A product that takes some microseconds.
int Multiply() {
  const auto start = Clock::now();
  while (Clock::now() - start < std::chrono::microseconds(20)) {
  }
  return 42;
}

TEST(LinearScratchTest, AProductsTimeIsTheMeanOfTheWorkersAndTakenOnce) {
  LinearScratch scratch(2, /*times_products=*/true);
  const auto start = Clock::now();
  EXPECT_EQ(scratch.Product(0, Multiply), 42);
  scratch.Product(1, Multiply);
  scratch.Product(1, Multiply);
  const nanoseconds elapsed = Clock::now() - start;
  const nanoseconds taken = scratch.TakeProductTime();
  EXPECT_GE(taken, std::chrono::microseconds(30));
  EXPECT_LE(taken, elapsed / 2);
  EXPECT_EQ(scratch.TakeProductTime(), nanoseconds(0));
}

TEST(LinearScratchTest, NothingIsTimedUnlessAskedFor) {
  LinearScratch scratch(1, /*times_products=*/false);
  EXPECT_EQ(scratch.Product(0, Multiply), 42);
  EXPECT_EQ(scratch.TakeProductTime(), nanoseconds(0));
}

}  // namespace
}  // namespace verdict
