#include "engine/tokenizer/post_processor.h"

#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using testing::FieldsAre;

TEST(PostProcessorTest, BertAddsThreeTokensToAPairAndRobertaFour) {
  const SpecialToken cls = {.content = "<s>", .id = 0};
  const SpecialToken sep = {.content = "</s>", .id = 2};
  EXPECT_EQ(BertPostProcessor(cls, sep).single.size(), 2u);
  EXPECT_EQ(BertPostProcessor(cls, sep).pair.size(), 3u);
  EXPECT_EQ(RobertaPostProcessor(cls, sep).single.size(), 2u);
  EXPECT_EQ(RobertaPostProcessor(cls, sep).pair.size(), 4u);
}

TEST(EdgeSpacesTest, CountCharactersAtBothEnds) {
  EXPECT_THAT(EdgeSpacesOf("\u0120the"), FieldsAre(1, 0));
  EXPECT_THAT(EdgeSpacesOf(" \u3000<mask>\n"), FieldsAre(2, 1));
  EXPECT_THAT(EdgeSpacesOf("\u0120\u0120"), FieldsAre(2, 2));
  EXPECT_THAT(EdgeSpacesOf("a b"), FieldsAre(0, 0));
  EXPECT_THAT(EdgeSpacesOf(""), FieldsAre(0, 0));
}

TEST(TrimmedTest, TakesSpacesFromBothEnds) {
  const std::string_view text = "x \u3000<mask> y";
  EXPECT_THAT(Trimmed(text, {.begin = 1, .end = 12}, {.leading = 2, .trailing = 1}, false, {}),
              FieldsAre(5, 11));
}

TEST(TrimmedTest, ATokenOfSpacesHasAnEmptyRange) {
  EXPECT_THAT(Trimmed("a  b", {.begin = 1, .end = 2}, {.leading = 1, .trailing = 1}, false, {}),
              FieldsAre(2, 2));
}

TEST(TrimmedTest, ThePrefixSpaceOfTheFirstTokenIsNotTheTexts) {
  const OffsetTrim trim = {.add_prefix_space = true};
  EXPECT_THAT(Trimmed(" Hello", {.begin = 0, .end = 6}, {.leading = 1}, true, trim),
              FieldsAre(0, 6));
  EXPECT_THAT(Trimmed(" Hello", {.begin = 0, .end = 6}, {.leading = 1}, true, {}), FieldsAre(1, 6));
  EXPECT_THAT(Trimmed("b Hello", {.begin = 1, .end = 7}, {.leading = 1}, false, trim),
              FieldsAre(2, 7));
}

TEST(TrimmedTest, MoreSpacesThanTheTextHasLeaveTheEnd) {
  EXPECT_THAT(Trimmed("a", {.begin = 0, .end = 1}, {.trailing = 2}, true, {}), FieldsAre(0, 1));
}

}  // namespace
}  // namespace verdict
