#include "engine/models/sections.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::ElementsAre;

Batch BatchOf(const std::vector<int>& tokens) {
  Batch batch;
  for (int count : tokens) batch.Append(std::vector<int32_t>(count, 0));
  return batch;
}

// Tokens of each section.
std::vector<int> Sections(const Batch& batch, int max_tokens) {
  std::vector<int> sections;
  for (int first = 0; first < batch.texts();) {
    const int end = SectionEnd(batch, first, max_tokens);
    EXPECT_GT(end, first);
    sections.push_back(batch.offsets[end] - batch.offsets[first]);
    first = end;
  }
  return sections;
}

TEST(SectionsTest, ABatchThatFitsIsOne) {
  EXPECT_THAT(Sections(BatchOf({100}), 100), ElementsAre(100));
  EXPECT_THAT(Sections(BatchOf({20, 30, 50}), 100), ElementsAre(100));
}

TEST(SectionsTest, NoSmallOneIsLeftForTheEnd) {
  EXPECT_THAT(Sections(BatchOf(std::vector<int>(11, 10)), 100), ElementsAre(60, 50));
  EXPECT_THAT(Sections(BatchOf(std::vector<int>(32, 128)), 768),
              ElementsAre(768, 768, 640, 640, 640, 640));
}

TEST(SectionsTest, ATextThatAloneHasMoreIsASection) {
  EXPECT_THAT(Sections(BatchOf({10, 200, 10}), 100), ElementsAre(10, 200, 10));
}

TEST(SectionsTest, EveryTextIsInOneAndNoneHasTooManyTokens) {
  std::minstd_rand random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<int> tokens(1 + random() % 40);
    for (int& count : tokens) count = static_cast<int>(1 + random() % 64);
    const Batch batch = BatchOf(tokens);
    const std::vector<int> sections = Sections(batch, 100);
    int sum = 0;
    for (int count : sections) {
      EXPECT_LE(count, 100);
      sum += count;
    }
    EXPECT_EQ(sum, batch.tokens());
  }
}

}  // namespace
}  // namespace verdict
