#include "engine/tokenizer/tokenizer.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/tokenizer/tokenizer_description.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr size_t kNoLimit = 1000;
constexpr int32_t kCls = 1;
constexpr int32_t kSep = 2;

// The digits are tokens 10 to 19.
TokenizerDescription Digits() {
  std::vector<VocabularyEntry> entries = {{"[UNK]", 0}, {"[CLS]", kCls}, {"[SEP]", kSep},
                                          {"##0", 3},   {"[PAD]", 4},    {"a", 5}};
  for (int32_t digit = 0; digit < 10; ++digit) {
    entries.push_back({std::to_string(digit), 10 + digit});
  }
  TokenizerDescription description;
  description.source = "here";
  description.vocabulary = Vocabulary(entries);
  description.post_processor =
      BertPostProcessor({.content = "[CLS]", .id = kCls}, {.content = "[SEP]", .id = kSep});
  description.added_tokens = {{.content = "[SEP]", .id = kSep}};
  return description;
}

class TokenizerTest : public testing::Test {
 protected:
  std::vector<int32_t> Encoded(const TextInput& input, size_t limit, Truncation truncation) {
    return tokenizer_.Encode(input, limit, truncation).value().input_ids;
  }

  Tokenizer tokenizer_ = Tokenizer::Create(Digits()).value();
};

TEST_F(TokenizerTest, FramesATextAndAPair) {
  EXPECT_THAT(Encoded({.text = "3 4", .text_pair = {}}, kNoLimit, Truncation::kRight),
              ElementsAre(kCls, 13, 14, kSep));
  EXPECT_THAT(Encoded({.text = "3", .text_pair = "4 5"}, kNoLimit, Truncation::kRight),
              ElementsAre(kCls, 13, kSep, 14, 15, kSep));
}

TEST_F(TokenizerTest, AnEmptyPairIsAPair) {
  EXPECT_THAT(Encoded({.text = "3", .text_pair = ""}, kNoLimit, Truncation::kRight),
              ElementsAre(kCls, 13, kSep, kSep));
}

TEST_F(TokenizerTest, KeepsTheEndThatTruncationNames) {
  const TextInput input = {.text = "0 1 2 3 4 5 6 7 8 9", .text_pair = {}};
  EXPECT_THAT(Encoded(input, 6, Truncation::kRight), ElementsAre(kCls, 10, 11, 12, 13, kSep));
  EXPECT_THAT(Encoded(input, 6, Truncation::kLeft), ElementsAre(kCls, 16, 17, 18, 19, kSep));
  EXPECT_THAT(Encoded(input, 6, Truncation::kHeadTail), ElementsAre(kCls, 10, 17, 18, 19, kSep));
}

TEST_F(TokenizerTest, HeadTailKeeps128And382Of510) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += i < 500 ? "1 " : "2 ";
  const std::vector<int32_t> ids =
      Encoded({.text = text, .text_pair = {}}, 512, Truncation::kHeadTail);
  ASSERT_EQ(ids.size(), 512u);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), 11), 128);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), 12), 382);
}

TEST_F(TokenizerTest, HeadTailOfAPairKeepsBothEndsOfEachShare) {
  // Five tokens each remain of eight: two at the head, three at the tail.
  EXPECT_THAT(Encoded({.text = "0 1 2 3 4 5 6 7", .text_pair = "9 8 7 6 5 4 3 2"}, 13,
                      Truncation::kHeadTail),
              ElementsAre(kCls, 10, 11, 15, 16, 17, kSep, 19, 18, 14, 13, 12, kSep));
}

TEST_F(TokenizerTest, HeadTailLeavesTheTextAloneThatFits) {
  EXPECT_THAT(Encoded({.text = "1 2", .text_pair = "0 1 2 3 4 5 6 7"}, 9, Truncation::kHeadTail),
              ElementsAre(kCls, 11, 12, kSep, 10, 15, 16, 17, kSep));
}

TEST_F(TokenizerTest, WhatFitsExactlyIsNotTruncated) {
  for (const Truncation truncation :
       {Truncation::kRight, Truncation::kLeft, Truncation::kHeadTail, Truncation::kError}) {
    const auto encoding = tokenizer_.Encode({.text = "1 2 3", .text_pair = {}}, 5, truncation);
    ASSERT_TRUE(encoding.ok());
    EXPECT_THAT(encoding->input_ids, ElementsAre(kCls, 11, 12, 13, kSep));
    EXPECT_FALSE(encoding->truncated());
  }
}

TEST_F(TokenizerTest, SaysWhereThePairBeginsOfWhatStays) {
  const auto before_pair = [&](const TextInput& input, size_t limit) {
    return tokenizer_.Encode(input, limit, Truncation::kRight).value().before_pair;
  };
  EXPECT_EQ(before_pair({.text = "1 2 3", .text_pair = {}}, 9), std::nullopt);
  EXPECT_EQ(before_pair({.text = "1 2 3", .text_pair = "4 5"}, 9), 5u);
  EXPECT_EQ(before_pair({.text = "1 2 3", .text_pair = "4 5"}, 5), 3u);
  EXPECT_EQ(before_pair({.text = "1 [SEP]", .text_pair = ""}, 9), 4u);
}

TEST_F(TokenizerTest, CountsWhatItCutsOff) {
  const auto encoding =
      tokenizer_.Encode({.text = "1 2 3", .text_pair = "4 5"}, 4, Truncation::kRight);
  ASSERT_TRUE(encoding.ok());
  EXPECT_EQ(encoding->input_ids.size(), 4u);
  EXPECT_EQ(encoding->total_tokens, 8u);
  EXPECT_TRUE(encoding->truncated());
}

TEST_F(TokenizerTest, RefusesWhatIsTooLongIfAskedAndSaysByHowMuch) {
  const auto encoding =
      tokenizer_.Encode({.text = "1 2 3", .text_pair = {}}, 4, Truncation::kError);
  EXPECT_EQ(encoding.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(encoding.status().message()), "the input has 5 tokens, the limit is 4");
}

TEST_F(TokenizerTest, RefusesALimitWithoutRoomForSpecialTokens) {
  EXPECT_TRUE(tokenizer_.Encode({.text = "1", .text_pair = {}}, 2, Truncation::kRight).ok());
  const auto single = tokenizer_.Encode({.text = "1", .text_pair = {}}, 1, Truncation::kRight);
  EXPECT_EQ(single.status().code(), absl::StatusCode::kInvalidArgument);
  const auto pair = tokenizer_.Encode({.text = "1", .text_pair = "2"}, 2, Truncation::kRight);
  EXPECT_EQ(std::string(pair.status().message()),
            "expected room for at least 3 tokens, found a limit of 2");
}

std::vector<std::vector<uint32_t>> Places(const std::vector<Token>& tokens) {
  std::vector<std::vector<uint32_t>> places;
  for (const Token& token : tokens) {
    places.push_back({static_cast<uint32_t>(token.id), token.begin, token.end});
  }
  return places;
}

TEST_F(TokenizerTest, EveryTokenKnowsItsBytesInItsOwnText) {
  EXPECT_THAT(
      Places(tokenizer_.Tokenize({.text = "\u00e9\u200b 70 [SEP]\u0301", .text_pair = "A"}, true)),
      ElementsAre(ElementsAre(kCls, 0, 0), ElementsAre(0, 0, 2), ElementsAre(17, 6, 7),
                  ElementsAre(3, 7, 8), ElementsAre(kSep, 9, 14), ElementsAre(kSep, 0, 0),
                  ElementsAre(5, 0, 1), ElementsAre(kSep, 0, 0)));
  EXPECT_THAT(tokenizer_.Tokenize({.text = "", .text_pair = {}}, false), IsEmpty());
}

TEST_F(TokenizerTest, MarksThoseTokensThatEncodeLeavesOut) {
  const std::vector<TextInput> inputs = {{.text = "0 1 2 3 4 5 6 7 8 9", .text_pair = {}},
                                         {.text = "0 1 2 3 4 5 6", .text_pair = "9 8 7 6 5 4"},
                                         {.text = "0 1", .text_pair = "9 8 7 6 5 4 3"}};
  for (const TextInput& input : inputs) {
    for (const Truncation truncation :
         {Truncation::kRight, Truncation::kLeft, Truncation::kHeadTail}) {
      for (size_t limit = 3; limit < 20; ++limit) {
        std::vector<int32_t> kept;
        for (const Token& token : tokenizer_.Tokenize(input, true, {limit, truncation})) {
          if (!token.cut) kept.push_back(token.id);
        }
        EXPECT_EQ(kept, Encoded(input, limit, truncation));
      }
    }
  }
}

TEST_F(TokenizerTest, MarksNothingOfWhatEncodeRefuses) {
  const TextInput input = {.text = "0 1 2 3", .text_pair = {}};
  for (const TokenLimit& limit : {TokenLimit{.max_tokens = 4},
                                  TokenLimit{.max_tokens = 1, .truncation = Truncation::kRight}}) {
    for (const Token& token : tokenizer_.Tokenize(input, true, limit)) EXPECT_FALSE(token.cut);
  }
}

TEST_F(TokenizerTest, OnlyAddedTokensAreCutOut) {
  // [SEP] is one, [PAD] is merely in the vocabulary: "[", "PAD" and "]" are unknown.
  EXPECT_THAT(Encoded({.text = "[SEP] [PAD]", .text_pair = {}}, kNoLimit, Truncation::kRight),
              ElementsAre(kCls, kSep, 0, 0, 0, kSep));
}

TEST_F(TokenizerTest, SpellsEveryId) {
  EXPECT_EQ(tokenizer_.vocab_size(), 20);
  EXPECT_EQ(tokenizer_.text(3), "##0");
  EXPECT_EQ(tokenizer_.text(19), "9");
  EXPECT_EQ(tokenizer_.text(7), "") << "a gap";
  EXPECT_EQ(tokenizer_.text(-1), "");
  EXPECT_EQ(tokenizer_.text(20), "");
}

TEST_F(TokenizerTest, StaysUsableAfterAMove) {
  Tokenizer moved = std::move(tokenizer_);
  EXPECT_EQ(moved.vocab_size(), 20);
}

// Descriptions whose fields contradict each other.
absl::Status Refusal(const TokenizerDescription& description) {
  return Tokenizer::Create(description).status();
}

TEST(TokenizerCreateTest, RefusesTwoTextsWithOneId) {
  TokenizerDescription description = Digits();
  description.vocabulary = Vocabulary({{"[UNK]", 0}, {"[CLS]", 1}, {"[SEP]", 2}, {"a", 2}});
  EXPECT_EQ(std::string(Refusal(description).message()),
            "here: expected every id once, found 2 for \"[SEP]\" and for \"a\"");
}

TEST(TokenizerCreateTest, RefusesAVocabularyWithoutItsUnknownToken) {
  TokenizerDescription description = Digits();
  description.model = WordPieceOptions{.unk_token = "<unk>"};
  EXPECT_EQ(std::string(Refusal(description).message()),
            "here: expected the unknown token \"<unk>\" in the vocabulary, found nothing");
}

TEST(TokenizerCreateTest, RefusesSpecialTokensThatAreNotThere) {
  TokenizerDescription description = Digits();
  description.post_processor.single.after = {{.content = "</s>", .id = 2}};
  EXPECT_EQ(std::string(Refusal(description).message()),
            "here: expected the special token \"</s>\" in the vocabulary, found nothing");
  description = Digits();
  description.post_processor.pair.before[0].id = 2;
  EXPECT_EQ(std::string(Refusal(description).message()),
            "here: expected id 1 for the special token \"[CLS]\", found 2");
}

TEST(TokenizerCreateTest, AnAddedTokenOfTheVocabularyKeepsItsId) {
  TokenizerDescription description = Digits();
  description.added_tokens = {{.content = "[SEP]", .id = 2}, {.content = "<x>", .id = 77}};
  EXPECT_EQ(Refusal(description), absl::OkStatus());
  description.added_tokens[0].id = 4;
  EXPECT_EQ(std::string(Refusal(description).message()),
            "here: expected id 2 for the special token \"[SEP]\", found 4");
}

TEST(TokenizerCreateTest, RefusesTokensThatWouldMakeTextsSlow) {
  const std::string longest(kMaxTokenBytes, 'a');
  TokenizerDescription description = Digits();
  description.vocabulary = Vocabulary({{"[UNK]", 0}, {"[CLS]", 1}, {"[SEP]", 2}, {longest, 3}});
  description.added_tokens.push_back({.content = longest + "a", .id = 4});
  const std::string message = absl::StrCat("here: expected tokens of at most 1024 bytes, found \"",
                                           std::string(100, 'a'), "\u2026\" of 1025");
  EXPECT_EQ(std::string(Refusal(description).message()), message);
  description.added_tokens.back().content = longest;
  description.added_tokens.back().id = 3;
  EXPECT_EQ(Refusal(description), absl::OkStatus());
  description.vocabulary =
      Vocabulary({{"[UNK]", 0}, {"[CLS]", 1}, {"[SEP]", 2}, {longest + "a", 3}});
  EXPECT_EQ(std::string(Refusal(description).message()), message);
}

TEST(TokenizerCreateTest, RefusesAVocabularyOfTooManyBytes) {
  std::vector<VocabularyEntry> entries = {{"[UNK]", 0}, {"[CLS]", 1}, {"[SEP]", 2}};
  for (size_t bytes = 0; bytes <= kMaxVocabularyBytes; bytes += kMaxTokenBytes) {
    std::string text = std::to_string(entries.size());
    text.resize(kMaxTokenBytes, 'a');
    entries.push_back({text, static_cast<int32_t>(entries.size())});
  }
  TokenizerDescription description = Digits();
  description.vocabulary = Vocabulary(entries);
  EXPECT_EQ(std::string(Refusal(description).message()),
            "here: expected at most 16777216 bytes of tokens, found more");
}

TEST(TokenizerCreateTest, RefusesAddedTokensThatLookAlikeOnceNormalized) {
  TokenizerDescription description = Digits();
  description.added_tokens = {{.content = "X", .id = 20, .normalized = true},
                              {.content = "x", .id = 21, .normalized = true}};
  EXPECT_EQ(std::string(Refusal(description).message()),
            "here: expected added tokens that differ once normalized, found \"X\" and \"x\"");
  description.added_tokens[1].normalized = false;
  EXPECT_EQ(Refusal(description), absl::OkStatus());
  description.added_tokens[1] = {.content = "\u0301", .id = 21, .normalized = true};
  EXPECT_THAT(std::string(Refusal(description).message()), HasSubstr("leaves something"));
}

TEST(TokenizerCreateTest, RefusesAddedTokensThatAreEmptyOrDoubled) {
  TokenizerDescription description = Digits();
  description.added_tokens.push_back({.content = "", .id = 0});
  EXPECT_THAT(std::string(Refusal(description).message()), HasSubstr("found an empty one"));
  description = Digits();
  description.added_tokens.push_back(description.added_tokens[0]);
  EXPECT_THAT(std::string(Refusal(description).message()), HasSubstr("found \"[SEP]\" twice"));
}

}  // namespace
}  // namespace verdict
