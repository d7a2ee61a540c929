#include "environment/choices.h"

#include "gtest/gtest.h"

namespace verdict {
namespace {

const Choices<int> kCuts = {{"right", 1}, {"head-tail", 2}};

TEST(ChoicesTest, AWordIsTakenInAnyCase) {
  for (const char* text : {"head-tail", "HEAD-TAIL", "Head-Tail", "HEAD_TAIL", "head_tail"}) {
    ASSERT_NE(kCuts.Find(text), nullptr) << text;
    EXPECT_EQ(*kCuts.Find(text), 2) << text;
  }
  EXPECT_EQ(*kCuts.Find("Right"), 1);
}

TEST(ChoicesTest, OtherTextIsNoWord) {
  for (const char* text : {"", "head", "head-tail ", "headtail", "r\xC4\xB1ght"}) {
    EXPECT_EQ(kCuts.Find(text), nullptr) << text;
  }
}

TEST(ChoicesTest, MessagesNameTheWordsInTheirOrder) {
  EXPECT_EQ(kCuts.Words(), "right|head-tail");
  EXPECT_EQ(kCuts.first(), "right");
}

}  // namespace
}  // namespace verdict
