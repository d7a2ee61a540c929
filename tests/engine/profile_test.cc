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
  for (const char* step : {"b", "a", "b", "c", "a"}) profile.Add(step);
  const std::chrono::nanoseconds elapsed = std::chrono::steady_clock::now() - begin;
  std::vector<std::string> names;
  std::chrono::nanoseconds sum(0);
  for (const auto& [name, time] : profile.steps()) {
    names.emplace_back(name);
    EXPECT_GE(time.count(), 0);
    sum += time;
  }
  EXPECT_THAT(names, ElementsAre("b", "a", "c"));
  EXPECT_LE(sum, elapsed);
}

}  // namespace
}  // namespace verdict
