#include "engine/unicode/byte_level_words.h"

#include <string>
#include <string_view>
#include <vector>

#include "engine/unicode/scalar_class.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  ByteLevelWordReader reader(text);
  for (std::string_view word = reader.Next(); !word.empty(); word = reader.Next()) {
    words.emplace_back(word);
  }
  EXPECT_TRUE(reader.Next().empty()) << "the end stays the end";
  return words;
}

TEST(ByteLevelWordReaderTest, AWordKeepsTheSpaceBeforeIt) {
  EXPECT_THAT(WordsOf("two words, 3 signs"), ElementsAre("two", " words", ",", " 3", " signs"));
}

TEST(ByteLevelWordReaderTest, LettersNumbersAndOthersAreApart) {
  EXPECT_THAT(WordsOf("ab12!?cd"), ElementsAre("ab", "12", "!?", "cd"));
  EXPECT_THAT(WordsOf("\u6f22\u5b57\u00b2\u0301"), ElementsAre("\u6f22\u5b57", "\u00b2", "\u0301"));
}

TEST(ByteLevelWordReaderTest, OfSeveralSpacesTheLastGoesWithTheWord) {
  EXPECT_THAT(WordsOf("a   b"), ElementsAre("a", "  ", " b"));
  EXPECT_THAT(WordsOf("a   "), ElementsAre("a", "   "));
  EXPECT_THAT(WordsOf("a \n b"), ElementsAre("a", " \n", " b"));
}

TEST(ByteLevelWordReaderTest, OtherWhiteSpaceBeforeAWordIsAWord) {
  EXPECT_THAT(WordsOf("a\nb"), ElementsAre("a", "\n", "b"));
  EXPECT_THAT(WordsOf("a \nb"), ElementsAre("a", " ", "\n", "b"));
  EXPECT_THAT(WordsOf("a\u3000\u3000b"), ElementsAre("a", "\u3000", "\u3000", "b"));
}

TEST(ByteLevelWordReaderTest, EnglishContractionsAreWords) {
  EXPECT_THAT(WordsOf("it's we'll I'd"), ElementsAre("it", "'s", " we", "'ll", " I", "'d"));
  EXPECT_THAT(WordsOf("'sx''s"), ElementsAre("'s", "x", "''", "s"));
  EXPECT_THAT(WordsOf("it'S '"), ElementsAre("it", "'", "S", " '"));
}

TEST(ByteLevelWordReaderTest, AllWordsTogetherAreTheText) {
  const std::string text = " a\t\t'll \u00a0\u0301 \xff\u6f22 12's\n ";
  std::string joined;
  for (const std::string& word : WordsOf(text)) joined += word;
  EXPECT_EQ(joined, text);
  EXPECT_THAT(WordsOf(""), IsEmpty());
}

TEST(ScalarClassesTest, AreThoseOfUnicode16) {
  const ScalarClasses& classes = ScalarClasses::Get();
  EXPECT_EQ(classes.Of(U'\u1C89'), ScalarClass::kLetter) << "new in Unicode 16";
  EXPECT_EQ(classes.Of(U'\uA7CE'), ScalarClass::kOther) << "new in Unicode 17";
  EXPECT_EQ(classes.Of(U'\u2460'), ScalarClass::kNumber);
  EXPECT_EQ(classes.Of(U'\u0085'), ScalarClass::kWhiteSpace);
  EXPECT_EQ(classes.Of(U'\u200B'), ScalarClass::kOther);
}

}  // namespace
}  // namespace verdict
