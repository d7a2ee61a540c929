#include "engine/tokenizer/truncation.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

namespace verdict {
namespace {

void ExpectKept(const TextTokens& tokens, size_t budget, const TextTokens& expected) {
  const TextTokens kept = LongestFirst(tokens, budget);
  EXPECT_EQ(kept.text, expected.text)
      << tokens.text << " + " << tokens.text_pair << " to " << budget;
  EXPECT_EQ(kept.text_pair, expected.text_pair)
      << tokens.text << " + " << tokens.text_pair << " to " << budget;
}

TEST(LongestFirstTest, WhatFitsStays) {
  ExpectKept({3, 4}, 7, {3, 4});
  ExpectKept({3, 0}, 7, {3, 0});
}

TEST(LongestFirstTest, OnlyTheLongerLosesUntilBothAreEqual) {
  ExpectKept({2, 8}, 7, {2, 5});
  ExpectKept({8, 2}, 7, {5, 2});
  ExpectKept({8, 2}, 4, {2, 2});
}

TEST(LongestFirstTest, TheOddTokenGoesToTheLongerAndElseToThePair) {
  ExpectKept({8, 6}, 7, {4, 3});
  ExpectKept({6, 8}, 7, {3, 4});
  ExpectKept({8, 8}, 7, {3, 4});
}

TEST(LongestFirstTest, ASingleTextGetsTheBudget) { ExpectKept({600, 0}, 510, {510, 0}); }

TEST(LongestFirstTest, TheBudgetIsUsedUpAndNoTextGrows) {
  for (size_t a = 0; a < 12; ++a) {
    for (size_t b = 0; b < 12; ++b) {
      for (size_t budget = 0; budget < 26; ++budget) {
        const TextTokens kept = LongestFirst({a, b}, budget);
        EXPECT_EQ(kept.text + kept.text_pair, std::min(budget, a + b));
        EXPECT_LE(kept.text, a);
        EXPECT_LE(kept.text_pair, b);
      }
    }
  }
}

// Tokens: 0 | 1 2 3 | 4 (an added token, no word) | 5 6 | 7
const std::vector<WordTokens> kWords = {{0, 1}, {1, 4}, {5, 7}, {7, 8}};
constexpr size_t kTotal = 8;

TEST(TokensReadTest, ReadingStopsAfterTheWordThatReachesTheLimit) {
  EXPECT_EQ(TokensReadFromBegin(kWords, kTotal, 1), 1u);
  EXPECT_EQ(TokensReadFromBegin(kWords, kTotal, 2), 4u);
  EXPECT_EQ(TokensReadFromBegin(kWords, kTotal, 4), 4u);
  EXPECT_EQ(TokensReadFromBegin(kWords, kTotal, 5), 7u) << "not after the added token";
  EXPECT_EQ(TokensReadFromBegin(kWords, kTotal, 9), 8u);
}

TEST(TokensReadTest, ReadingFromTheEndStopsLikewise) {
  EXPECT_EQ(TokensReadFromEnd(kWords, kTotal, 1), 1u);
  EXPECT_EQ(TokensReadFromEnd(kWords, kTotal, 2), 3u);
  EXPECT_EQ(TokensReadFromEnd(kWords, kTotal, 4), 7u) << "not after the added token";
  EXPECT_EQ(TokensReadFromEnd(kWords, kTotal, 8), 8u);
}

TEST(TokensReadTest, WithoutWordsAllIsRead) {
  EXPECT_EQ(TokensReadFromBegin({}, 5, 2), 5u);
  EXPECT_EQ(TokensReadFromEnd({}, 5, 2), 5u);
  EXPECT_EQ(TokensReadFromBegin({}, 0, 2), 0u);
}

TEST(HeadOfTest, IsAQuarterRoundedUp) {
  EXPECT_EQ(HeadOf(510), 128u);
  EXPECT_EQ(HeadOf(508), 127u);
  EXPECT_EQ(HeadOf(1), 1u);
  EXPECT_EQ(HeadOf(0), 0u);
}

}  // namespace
}  // namespace verdict
