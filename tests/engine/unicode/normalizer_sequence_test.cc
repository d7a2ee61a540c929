#include "engine/unicode/normalizer_sequence.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/fixtures/random_text.h"

namespace verdict {
namespace {

using testing::ElementsAre;

NormalizedText Normalized(const std::string& text, std::vector<NormalizerStep> steps) {
  NormalizedText normalized;
  NormalizerSequence(std::move(steps)).Normalize(text, &normalized);
  return normalized;
}

TEST(NormalizerSequenceTest, WithoutStepsATextStaysAsItIs) {
  const NormalizedText normalized = Normalized("\u00c9 x", {});
  EXPECT_EQ(normalized.text, "\u00c9 x");
  EXPECT_THAT(normalized.origins, ElementsAre(0, 0, 2, 3));
}

// The fast walk of a single BertNormalizer and the plain steps agree, whatever the options.
TEST(NormalizerSequenceTest, BertInASequenceIsBertAlone) {
  const std::vector<std::string> words = {"caf\u00e9", "\u0301\u0316", "\u0f73", "\u6f22", "A"};
  for (uint32_t bits = 0; bits < 16; ++bits) {
    const NormalizerOptions options = {.clean_text = (bits & 1) != 0,
                                       .handle_chinese_chars = (bits & 2) != 0,
                                       .strip_accents = (bits & 4) != 0,
                                       .lowercase = (bits & 8) != 0};
    const NormalizerSequence alone({options});
    const NormalizerSequence stepwise({options, StripStep{}});
    for (uint64_t seed = 0; seed < 500; ++seed) {
      const std::string text = RandomText(seed, words);
      NormalizedText expected;
      NormalizedText found;
      alone.Normalize(text, &expected);
      stepwise.Normalize(text, &found);
      ASSERT_EQ(found.text, expected.text) << text;
      ASSERT_EQ(found.origins, expected.origins) << text;
    }
  }
}

TEST(NormalizerSequenceTest, StripAccentsDropsEveryMarkThatStandsAlone) {
  EXPECT_EQ(Normalized("e\u0301\u00e9\u0903\u20dd", {StripAccentsStep()}).text, "e\u00e9");
  EXPECT_EQ(Normalized("\u00e9", {NfdStep(), StripAccentsStep()}).text, "e");
}

TEST(NormalizerSequenceTest, StripsTheEndsAsAsked) {
  EXPECT_EQ(Normalized(" \u3000x ", {StripStep{.left = true}}).text, "x ");
  const NormalizedText both = Normalized(" \u3000x ", {StripStep{.left = true, .right = true}});
  EXPECT_EQ(both.text, "x");
  EXPECT_THAT(both.origins, ElementsAre(4));
  EXPECT_EQ(Normalized("  ", {StripStep{.left = true, .right = true}}).text, "");
}

TEST(NormalizerSequenceTest, WhatReplacesStemsFromTheLastScalarReplaced) {
  const NormalizedText normalized =
      Normalized("abxab", {ReplaceStep{.pattern = "ab", .content = "--"}});
  EXPECT_EQ(normalized.text, "--x--");
  EXPECT_THAT(normalized.origins, ElementsAre(1, 1, 2, 4, 4));
  EXPECT_EQ(Normalized("aaa", {ReplaceStep{.pattern = "aa", .content = ""}}).text, "a");
}

}  // namespace
}  // namespace verdict
