#include "engine/tokenizer/vocabulary.h"

#include "gtest/gtest.h"

namespace verdict {
namespace {

TEST(VocabularyTest, FindsEveryTextAndNoOther) {
  const Vocabulary vocabulary({{"b", 0}, {"a", 1}, {"ab", 2}, {"", 3}});
  EXPECT_EQ(vocabulary.Find("a"), 1);
  EXPECT_EQ(vocabulary.Find("ab"), 2);
  EXPECT_EQ(vocabulary.Find("b"), 0);
  EXPECT_EQ(vocabulary.Find(""), 3);
  EXPECT_EQ(vocabulary.Find("abc"), std::nullopt);
  EXPECT_EQ(Vocabulary().Find("a"), std::nullopt);
}

TEST(VocabularyTest, TheLastOfEqualTextsCounts) {
  const Vocabulary vocabulary({{"a", 0}, {"b", 1}, {"a", 2}, {"a", 3}});
  EXPECT_EQ(vocabulary.Find("a"), 3);
  EXPECT_EQ(vocabulary.Find("b"), 1);
  EXPECT_EQ(vocabulary.entries().size(), 2u);
}

TEST(VocabularyTest, EntriesAreInTheOrderOfTheirBytes) {
  const Vocabulary vocabulary({{"\u00e9", 0}, {"z", 1}, {"Z", 2}});
  EXPECT_EQ(vocabulary.entries()[0].text, "Z");
  EXPECT_EQ(vocabulary.entries()[1].text, "z");
  EXPECT_EQ(vocabulary.entries()[2].text, "\u00e9");
}

}  // namespace
}  // namespace verdict
