#include "engine/unicode/normalizer.h"

#include <string>
#include <vector>

#include "engine/unicode/utf8.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using testing::ElementsAre;

NormalizedText Normalized(const std::string& text, const NormalizerOptions& options = {}) {
  NormalizedText normalized;
  Normalizer(options).Normalize(text, &normalized);
  EXPECT_EQ(normalized.origins.size(), normalized.text.size());
  for (const uint32_t origin : normalized.origins) EXPECT_LT(origin, text.size());
  EXPECT_EQ(FindInvalidUtf8(normalized.text), std::nullopt);
  return normalized;
}

std::string TextOf(const std::string& text, const NormalizerOptions& options = {}) {
  return Normalized(text, options).text;
}

constexpr NormalizerOptions kNothing = {
    .clean_text = false, .handle_chinese_chars = false, .strip_accents = false, .lowercase = false};

TEST(NormalizerTest, WithoutOptionsNothingChanges) {
  const std::string text("A\0\t\u00c9\u6f22\ufffd e\u0301", 15);
  EXPECT_EQ(TextOf(text, kNothing), text);
}

TEST(NormalizerTest, DeletesControlsAndJoinsTheirNeighbours) {
  EXPECT_EQ(TextOf(std::string("a\0b\x01"
                               "c\x0b"
                               "d\x1c"
                               "e\x7f"
                               "f",
                               11)),
            "abcdef");
  EXPECT_EQ(TextOf("a\u0085b\u00adc\u200bd\ufeffe\ufffdf\ue000g"), "abcdefg");
}

TEST(NormalizerTest, WhiteSpaceBecomesASpace) {
  EXPECT_EQ(TextOf("a\tb\nc\rd\u00a0e\u2028f\u3000g"), "a b c d e f g");
}

TEST(NormalizerTest, PutsSpacesAroundIdeographsButNotAroundKana) {
  EXPECT_EQ(TextOf("a\u6f22\u5b57b"), "a \u6f22  \u5b57 b");
  EXPECT_EQ(TextOf("a\u304bb"), "a\u304bb");
  // A slip of the first implementation that became the standard: this block begins 100 hex late.
  EXPECT_EQ(TextOf("\U0002b91f"), "\U0002b91f");
  EXPECT_EQ(TextOf("\U0002b920"), " \U0002b920 ");
}

TEST(NormalizerTest, StripsAccentsWrittenEitherWay) {
  EXPECT_EQ(TextOf("\u00e9 e\u0301 \u1ec7"), "e e e");
  EXPECT_EQ(TextOf("\u00c9", {.strip_accents = false}), "\u00e9");
  EXPECT_EQ(TextOf("\u00c9", {.lowercase = false}), "E");
}

TEST(NormalizerTest, HangulStaysDecomposed) {
  EXPECT_EQ(TextOf("\ud55c"), "\u1112\u1161\u11ab");
  EXPECT_EQ(TextOf("\uac00"), "\u1100\u1161");
}

TEST(NormalizerTest, LowercasesScalarByScalar) {
  EXPECT_EQ(TextOf("\u03a3\u0391\u03a3"), "\u03c3\u03b1\u03c3") << "no final sigma";
  EXPECT_EQ(TextOf("\u0130", {.strip_accents = false}), "i\u0307");
  EXPECT_EQ(TextOf("\u1e9e"), "\u00df");
}

TEST(NormalizerTest, KnowsOnlyTheReferencesUnicode) {
  // A non-spacing mark since Unicode 9, and so unknown to the reference's categories.
  EXPECT_EQ(TextOf("a\U0001e000"), "a\U0001e000");
}

TEST(NormalizerTest, EachByteKnowsTheScalarItCameFrom) {
  EXPECT_THAT(Normalized("A\u200b\u00c9b").origins, ElementsAre(0, 4, 6));
  EXPECT_THAT(Normalized("x\u6f22").origins, ElementsAre(0, 1, 1, 1, 1, 1)) << "spaces included";
  EXPECT_THAT(Normalized("\u0130", {.strip_accents = false}).origins, ElementsAre(0, 0, 0));
}

TEST(NormalizerTest, MarksThatStayAreSortedAndAlignedByPosition) {
  // 302E (class 224) moves before 0345 (240), and takes over the place of what stood there.
  const NormalizedText normalized = Normalized("a\u0345\u302e");
  EXPECT_EQ(normalized.text, "a\u302e");
  EXPECT_THAT(normalized.origins, ElementsAre(0, 1, 1, 1));
}

TEST(NormalizerTest, BytesThatAreNotUtf8AreReadAsReplacementCharacters) {
  EXPECT_EQ(TextOf("a\x80\xffz"), "az");
  const NormalizedText kept = Normalized("a\x80z", kNothing);
  EXPECT_EQ(kept.text, "a\ufffdz");
  EXPECT_THAT(kept.origins, ElementsAre(0, 1, 1, 1, 2));
}

TEST(NormalizerTest, ReplacesWhatTheBufferHeld) {
  const Normalizer normalizer({});
  NormalizedText normalized;
  normalizer.Normalize("a long first text", &normalized);
  normalizer.Normalize("B", &normalized);
  EXPECT_EQ(normalized.text, "b");
  EXPECT_THAT(normalized.origins, ElementsAre(0));
}

}  // namespace
}  // namespace verdict
