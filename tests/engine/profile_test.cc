#include "engine/profile.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::ElementsAre;

TEST(ProfileTest, StepsStandInTheOrderInWhichTheyFirstOccurAndAddUp) {
  Profile profile;
  const auto begin = std::chrono::steady_clock::now();
  profile.Start();
  int products = 0;
  for (const char* step : {"b", "a", "b", "c", "a"}) {
    profile.Add(step, std::chrono::nanoseconds(++products));
  }
  const std::chrono::nanoseconds elapsed = std::chrono::steady_clock::now() - begin;
  std::vector<std::string> names;
  std::vector<int64_t> product_times;
  std::chrono::nanoseconds sum(0);
  for (const Profile::Step& step : profile.steps()) {
    names.emplace_back(step.name);
    product_times.push_back(step.products.count());
    EXPECT_GE(step.time.count(), 0);
    sum += step.time;
  }
  EXPECT_THAT(names, ElementsAre("b", "a", "c"));
  EXPECT_THAT(product_times, ElementsAre(1 + 3, 2 + 5, 4));
  EXPECT_LE(sum, elapsed);
}

}  // namespace
}  // namespace verdict
