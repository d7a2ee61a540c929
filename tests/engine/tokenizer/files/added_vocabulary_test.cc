#include "engine/tokenizer/files/added_vocabulary.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::vector<std::pair<std::string, int32_t>> IdsIn(const AddedVocabulary& added) {
  std::vector<std::pair<std::string, int32_t>> ids;
  for (const AddedToken& token : added.Tokens(false)) ids.emplace_back(token.content, token.id);
  return ids;
}

TEST(AddedVocabularyTest, NewTokensAreNumberedOn) {
  const Vocabulary vocabulary({{"a", 0}, {"b", 1}});
  AddedVocabulary added(vocabulary);
  added.Add({{.content = "x"}, {.content = "b"}, {.content = "y"}, {.content = ""}});
  EXPECT_THAT(IdsIn(added), ElementsAre(Pair("b", 1), Pair("x", 2), Pair("y", 3)));
  added.Add({{.content = "z"}});
  EXPECT_EQ(added.Find("z"), 4);
  EXPECT_EQ(added.Find("a"), 0);
  EXPECT_FALSE(added.Contains("a"));
  EXPECT_FALSE(added.Find("other").has_value());
}

TEST(AddedVocabularyTest, ATokenAddedAgainHasItsNewFlags) {
  const Vocabulary vocabulary({{"a", 0}});
  AddedVocabulary added(vocabulary);
  added.Add({{.content = "x", .special = true}});
  EXPECT_FALSE(added.Tokens(false)[0].normalized);
  EXPECT_TRUE(added.Tokens(true)[0].is_split);
  added.Add({{.content = "x", .lstrip = true}});
  const AddedToken again = added.Tokens(true)[0];
  EXPECT_TRUE(again.lstrip);
  EXPECT_TRUE(again.normalized);
  EXPECT_TRUE(again.is_split);  // once special, always special
}

TEST(AddedVocabularyTest, AGapMakesNewIdsMeetOldOnes) {
  const Vocabulary vocabulary({{"a", 0}, {"b", 2}});
  AddedVocabulary added(vocabulary);
  added.Add({{.content = "b"}});
  added.Add({{.content = "x"}});
  EXPECT_THAT(IdsIn(added), ElementsAre(Pair("b", 2), Pair("x", 3)));
  AddedVocabulary other(vocabulary);
  other.Add({{.content = "x"}, {.content = "b"}});
  EXPECT_THAT(IdsIn(other), ElementsAre(Pair("b", 2)));
  EXPECT_FALSE(other.Contains("x"));
}

}  // namespace
}  // namespace verdict
