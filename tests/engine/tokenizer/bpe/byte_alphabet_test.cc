#include "engine/tokenizer/bpe/byte_alphabet.h"

#include <optional>
#include <set>
#include <string>

#include "engine/unicode/utf8.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

TEST(ByteAlphabetTest, PrintableLatinStandsForItselfAndTheRestFollowsU0100) {
  EXPECT_EQ(CharacterOfByte('!'), U'!');
  EXPECT_EQ(CharacterOfByte(0xFF), U'\u00ff');
  EXPECT_EQ(CharacterOfByte(0), U'\u0100');
  EXPECT_EQ(CharacterOfByte('\n'), U'\u010a');
  EXPECT_EQ(CharacterOfByte(' '), U'\u0120');
  EXPECT_EQ(CharacterOfByte(0xAD), U'\u0143');
}

TEST(ByteAlphabetTest, SpellingIsReadBack) {
  std::set<char32_t> characters;
  for (int byte = 0; byte < 256; ++byte) {
    std::string spelling;
    AppendUtf8(CharacterOfByte(static_cast<unsigned char>(byte)), &spelling);
    characters.insert(CharacterOfByte(static_cast<unsigned char>(byte)));
    EXPECT_EQ(SpelledBytes(spelling), std::string(1, static_cast<char>(byte)));
  }
  EXPECT_EQ(characters.size(), 256u);
  EXPECT_EQ(SpelledBytes("\u0120caf\u00c3\u00a9"), " caf\u00e9");
}

TEST(ByteAlphabetTest, OtherCharactersSpellNothing) {
  for (const char* text : {" ", "\u00a0", "\u00ad", "\u0144", "a\u6f22", "\xff"}) {
    EXPECT_EQ(SpelledBytes(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace verdict
