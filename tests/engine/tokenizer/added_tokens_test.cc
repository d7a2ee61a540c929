#include "engine/tokenizer/added_tokens.h"

#include <string>
#include <tuple>
#include <utility>
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
  AddedTokens::Reader reader(added, text);
  while (const auto match = reader.Next()) {
    matches.emplace_back(match->id, match->begin, match->end);
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

TEST(AddedTokensTest, WhiteSpaceThatIsATokenIsReadTwice) {
  // As the reference does: it looks on behind the token, not behind what it took along.
  EXPECT_THAT(
      MatchesIn("X  Y", {{.content = "X", .id = 1, .rstrip = true}, {.content = "  Y", .id = 2}}),
      ElementsAre(std::tuple(1, 0, 3), std::tuple(2, 1, 4)));
  EXPECT_THAT(MatchesIn("X ", {{.content = "X", .id = 1, .rstrip = true},
                               {.content = " ", .id = 2, .lstrip = true}}),
              ElementsAre(std::tuple(1, 0, 2)));
}

TEST(AddedTokensTest, ASingleWordTouchesNoWord) {
  const std::vector<AddedToken> tokens = {{.content = "[X]", .id = 1, .single_word = true}};
  for (const std::string beside :
       {"a", "_", "9", "\u00e9", "\u0301", "\u0903", "\u6f22", "\u200d"}) {
    EXPECT_THAT(MatchesIn(beside + "[X]", tokens), IsEmpty()) << beside;
    EXPECT_THAT(MatchesIn("[X]" + beside, tokens), IsEmpty()) << beside;
  }
  for (const std::string beside : {" ", "-", ".", "\u00b2", "\u2460", "\u0378", "\xFF"}) {
    EXPECT_EQ(MatchesIn(beside + "[X]" + beside, tokens).size(), 1u) << beside;
  }
}

TEST(AddedTokensTest, ATokenThatIsNotASingleWordHidesWhatItCovers) {
  EXPECT_THAT(MatchesIn("aXY XY", {{.content = "XY", .id = 1, .single_word = true},
                                   {.content = "X", .id = 2}}),
              ElementsAre(std::tuple(1, 4, 6)));
}

TEST(AddedTokensTest, ASplitTokenIsLeftToTheWords) {
  EXPECT_THAT(
      MatchesIn("X Y", {{.content = "X", .id = 1, .is_split = true}, {.content = "Y", .id = 2}}),
      ElementsAre(std::tuple(2, 2, 3)));
}

TEST(AddedTokensTest, WhiteSpaceIsWalkedThroughOnce) {
  // Quadratic, this would take minutes.
  const std::string text(1 << 20, ' ');
  EXPECT_EQ(MatchesIn(text, {{.content = " ", .id = 1, .lstrip = true, .rstrip = true}}).size(),
            1u);
  EXPECT_EQ(MatchesIn(text, {{.content = " ", .id = 1, .rstrip = true}}).size(), text.size());
}

TEST(AddedTokensTest, NoTokensMatchNothing) { EXPECT_THAT(MatchesIn("[SEP]", {}), IsEmpty()); }

}  // namespace
}  // namespace verdict
