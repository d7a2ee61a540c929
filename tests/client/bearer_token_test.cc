#include "client/bearer_token.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

class BearerTokenTest : public ::testing::Test {
 protected:
  ~BearerTokenTest() override { std::filesystem::remove(path_); }

  void Write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }

  const absl::Time start_ = absl::FromUnixSeconds(1'000'000);
  const std::string path_ =
      absl::StrCat(::testing::TempDir(), "token.", getpid(), ".",
                   ::testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(BearerTokenTest, TheTokenIsTheFirstLineWithoutBlanks) {
  for (const char* text : {"secret", "secret\n", " secret \r\nold\n"}) {
    Write(text);
    const auto file = TokenFile::Open(path_, start_);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ((*file)->Token(start_), "secret");
  }
}

TEST_F(BearerTokenTest, ATokenIsVisibleCharacters) {
  for (const char* bad : {"", "\n", "\nsecond line", "two words", "caf\xc3\xa9", "a\tb"}) {
    Write(bad);
    const absl::Status status = TokenFile::Open(path_, start_).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << bad;
    EXPECT_THAT(status.message(), HasSubstr("expected a token"));
  }
  std::filesystem::remove(path_);
  EXPECT_TRUE(absl::IsNotFound(TokenFile::Open(path_, start_).status()));
}

TEST_F(BearerTokenTest, AChangedTokenIsUsedAfterSeconds) {
  Write("first");
  const std::unique_ptr<TokenFile> file = *TokenFile::Open(path_, start_);
  Write("second");
  EXPECT_EQ(file->Token(start_ + absl::Seconds(1)), "first");
  EXPECT_EQ(file->Token(start_ + absl::Seconds(5)), "second");
}

TEST_F(BearerTokenTest, AFileThatIsGoneOrBadLeavesTheLastToken) {
  Write("first");
  const std::unique_ptr<TokenFile> file = *TokenFile::Open(path_, start_);
  Write("not a token");
  EXPECT_EQ(file->Token(start_ + absl::Seconds(10)), "first");
  std::filesystem::remove(path_);
  EXPECT_EQ(file->Token(start_ + absl::Seconds(20)), "first");
  Write("back");
  EXPECT_EQ(file->Token(start_ + absl::Seconds(30)), "back");
}

}  // namespace
}  // namespace verdict
