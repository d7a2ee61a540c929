#include "engine/unicode/words.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  WordReader reader(text);
  for (std::string_view word = reader.Next(); !word.empty(); word = reader.Next()) {
    words.emplace_back(word);
  }
  EXPECT_TRUE(reader.Next().empty()) << "the end stays the end";
  return words;
}

TEST(WordReaderTest, SplitsAtWhiteSpaceAndLeavesItOut) {
  EXPECT_THAT(WordsOf("  two\t\u3000words \n"), ElementsAre("two", "words"));
}

TEST(WordReaderTest, EveryPunctuationSignIsAWord) {
  EXPECT_THAT(WordsOf("it's...ok\u3002"),
              ElementsAre("it", "'", "s", ".", ".", ".", "ok", "\u3002"));
}

TEST(WordReaderTest, AsciiSymbolsArePunctuationAndOtherSymbolsAreNot) {
  EXPECT_THAT(WordsOf("a+b$c"), ElementsAre("a", "+", "b", "$", "c"));
  EXPECT_THAT(WordsOf("a\u20acb\u00d7c"), ElementsAre("a\u20acb\u00d7c"));
}

TEST(WordReaderTest, NothingHasNoWords) {
  EXPECT_THAT(WordsOf(""), IsEmpty());
  EXPECT_THAT(WordsOf(" \n "), IsEmpty());
}

TEST(WordReaderTest, WordsArePartsOfTheText) {
  const std::string_view text = " ab c";
  WordReader reader(text);
  EXPECT_EQ(reader.Next().data(), text.data() + 1);
  EXPECT_EQ(reader.Next().data(), text.data() + 4);
}

}  // namespace
}  // namespace verdict
