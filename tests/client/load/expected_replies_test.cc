#include "client/load/expected_replies.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

class ExpectedRepliesTest : public ::testing::Test {
 protected:
  ~ExpectedRepliesTest() override { std::filesystem::remove(path_); }

  absl::StatusOr<ExpectedReplies> Read(const std::string& lines, size_t texts) {
    std::ofstream(path_) << lines;
    return ExpectedReplies::Read(path_, texts);
  }

  const std::string path_ =
      absl::StrCat(::testing::TempDir(), "/expected.", getpid(), ".",
                   ::testing::UnitTest::GetInstance()->current_test_info()->name());
};

v1::ClassifyResponse Reply(const char* label, float score) {
  v1::ClassifyResponse reply;
  reply.set_label(label);
  reply.set_score(score);
  return reply;
}

TEST_F(ExpectedRepliesTest, AgreesOnTheLabelExactlyAndTheScoreNearly) {
  const auto expected = Read(
      "{\"label\":\"POSITIVE\",\"score\":0.75,\"scores\":[]}\n"
      "{\"label\":\"NEGATIVE\",\"score\":0.5}\n",
      2);
  ASSERT_TRUE(expected.ok()) << expected.status();
  EXPECT_TRUE(expected->Agree(0, Reply("POSITIVE", 0.75F)));
  EXPECT_TRUE(expected->Agree(0, Reply("POSITIVE", 0.7500009F)));
  EXPECT_FALSE(expected->Agree(0, Reply("POSITIVE", 0.750002F)));
  EXPECT_FALSE(expected->Agree(0, Reply("NEGATIVE", 0.75F)));
  EXPECT_TRUE(expected->Agree(1, Reply("NEGATIVE", 0.5F)));
}

TEST_F(ExpectedRepliesTest, ALineWithoutAReplyIsNamed) {
  for (const char* bad : {"", "{", "[]", "{\"error\":{\"code\":3}}", "{\"label\":\"A\"}",
                          "{\"label\":1,\"score\":1}", "{\"label\":\"A\",\"score\":\"1\"}"}) {
    const auto expected = Read(absl::StrCat("{\"label\":\"A\",\"score\":1}\n", bad, "\n"), 2);
    EXPECT_TRUE(absl::IsInvalidArgument(expected.status())) << bad;
    EXPECT_THAT(expected.status().message(), HasSubstr("line 2")) << bad;
  }
}

TEST_F(ExpectedRepliesTest, WantsOneLineForEachText) {
  const auto expected = Read("{\"label\":\"A\",\"score\":1}\n", 2);
  EXPECT_TRUE(absl::IsInvalidArgument(expected.status()));
  EXPECT_THAT(expected.status().message(), HasSubstr("2 texts, found 1"));
  EXPECT_TRUE(absl::IsNotFound(ExpectedReplies::Read("/no/such/file", 1).status()));
}

}  // namespace
}  // namespace verdict
