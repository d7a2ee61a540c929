#include "engine/added_tokens.h"

#include <string>
#include <tuple>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Every match: id, begin, end.
std::vector<std::tuple<int32_t, size_t, size_t>> MatchesIn(const std::string& text,
                                                           std::vector<AddedToken> tokens) {
  const AddedTokens added(std::move(tokens));
  std::vector<std::tuple<int32_t, size_t, size_t>> matches;
  size_t from = 0;
  while (const auto match = added.FindNext(text, from)) {
    matches.emplace_back(match->id, match->begin, match->end);
    from = match->end;
  }
  return matches;
}

TEST(AddedTokensTest, FindsEachWhereverItStands) {
  EXPECT_THAT(MatchesIn("[SEP]a[SEP][sep] [SEP", {{.content = "[SEP]", .id = 102}}),
              ElementsAre(std::tuple(102, 0, 5), std::tuple(102, 6, 11)));
}

TEST(AddedTokensTest, TheLongestOfThoseThatBeginFirstWins) {
  EXPECT_THAT(MatchesIn("aabab", {{.content = "ab", .id = 1}, {.content = "aba", .id = 2}}),
              ElementsAre(std::tuple(2, 1, 4)));
}

TEST(AddedTokensTest, TakesWhiteSpaceAlongIfAsked) {
  const std::string text = "a \u3000X \n b";
  EXPECT_THAT(MatchesIn(text, {{.content = "X", .id = 1}}), ElementsAre(std::tuple(1, 5, 6)));
  EXPECT_THAT(MatchesIn(text, {{.content = "X", .id = 1, .lstrip = true}}),
              ElementsAre(std::tuple(1, 1, 6)));
  EXPECT_THAT(MatchesIn(text, {{.content = "X", .id = 1, .rstrip = true}}),
              ElementsAre(std::tuple(1, 5, 9)));
}

TEST(AddedTokensTest, WhiteSpaceBelongsToTheFirstThatTakesIt) {
  EXPECT_THAT(MatchesIn("X X", {{.content = "X", .id = 1, .lstrip = true, .rstrip = true}}),
              ElementsAre(std::tuple(1, 0, 2), std::tuple(1, 2, 3)));
}

TEST(AddedTokensTest, NoTokensMatchNothing) { EXPECT_THAT(MatchesIn("[SEP]", {}), IsEmpty()); }

}  // namespace
}  // namespace verdict
