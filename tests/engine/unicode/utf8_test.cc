#include "engine/unicode/utf8.h"

#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace verdict {
namespace {

constexpr char32_t kLastScalar = 0x10FFFF;

bool IsSurrogate(char32_t value) { return value >= 0xD800 && value <= 0xDFFF; }

TEST(Utf8Test, EveryScalarValueSurvivesTheRoundTrip) {
  for (char32_t scalar = 0; scalar <= kLastScalar; ++scalar) {
    if (IsSurrogate(scalar)) continue;
    std::string text;
    AppendUtf8(scalar, &text);
    ASSERT_EQ(FindInvalidUtf8(text), std::nullopt) << std::hex << uint32_t{scalar};
    const DecodedScalar decoded = DecodeUtf8(text, 0);
    ASSERT_EQ(uint32_t{decoded.value}, uint32_t{scalar});
    ASSERT_EQ(decoded.length, text.size());
  }
}

TEST(Utf8Test, AcceptsTextWithoutFault) {
  EXPECT_EQ(FindInvalidUtf8(""), std::nullopt);
  EXPECT_EQ(FindInvalidUtf8("plain words, longer than eight bytes"), std::nullopt);
  EXPECT_EQ(FindInvalidUtf8("é ß 漢字 🙂"), std::nullopt);
  EXPECT_EQ(FindInvalidUtf8(std::string_view("a\0b", 3)), std::nullopt);
}

TEST(Utf8Test, RefusesEveryMalformedForm) {
  const std::vector<std::string> malformed = {
      "\x80",              // continuation without a lead
      "\xBF",              //
      "\xC0\x80",          // overlong NUL
      "\xC1\xBF",          // overlong 7F
      "\xE0\x9F\xBF",      // overlong 7FF
      "\xF0\x8F\xBF\xBF",  // overlong FFFF
      "\xED\xA0\x80",      // D800
      "\xED\xBF\xBF",      // DFFF
      "\xF4\x90\x80\x80",  // 110000
      "\xF5\x80\x80\x80",  // no such lead
      "\xFF",              //
      "\xC3",              // cut off after one byte
      "\xE4\xB8",          // ... two
      "\xF0\x9F\x99",      // ... three
      "\xC3\x28",          // ASCII where a continuation belongs
      "\xE4\x28\xAD",      //
      "\xF0\x9F\x28\x82",  //
  };
  for (const std::string& sequence : malformed) {
    EXPECT_EQ(FindInvalidUtf8(sequence), 0u) << testing::PrintToString(sequence);
    EXPECT_EQ(FindInvalidUtf8("漢 and nine more " + sequence + "tail"), 18u)
        << testing::PrintToString(sequence);
    const DecodedScalar decoded = DecodeUtf8(sequence, 0);
    EXPECT_EQ(uint32_t{decoded.value}, uint32_t{kReplacementCharacter});
    EXPECT_EQ(decoded.length, 1u);
  }
}

TEST(Utf8Test, NamesTheFirstFaultAtEveryPosition) {
  for (size_t position = 0; position < 40; ++position) {
    const std::string text = std::string(position, 'a') + "\xFF" + "\x80 after";
    EXPECT_EQ(FindInvalidUtf8(text), position);
  }
}

}  // namespace
}  // namespace verdict
