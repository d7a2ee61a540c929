#include "server/security/bearer_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "tests/server/fixtures/certificates.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Tokens have 16 characters at least.
std::string Token(const std::string& word) { return word + "-0123456789abcdef"; }

class BearerTokensTest : public ::testing::Test {
 protected:
  ~BearerTokensTest() override { std::filesystem::remove(path_); }

  void Open(const std::string& bytes) {
    WriteFile(path_, bytes);
    absl::StatusOr<std::unique_ptr<BearerTokens>> tokens = BearerTokens::Open(path_, now_);
    ASSERT_TRUE(tokens.ok()) << tokens.status();
    tokens_ = *std::move(tokens);
  }

  std::string Refusal(const std::string& bytes) const {
    WriteFile(path_, bytes);
    const absl::Status status = BearerTokens::Open(path_, now_).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  }

  absl::Status Check(const std::string& authorization) {
    const absl::string_view view = authorization;
    return tokens_->Check(&view, now_);
  }

  absl::Time now_ = absl::FromUnixSeconds(1000);
  const std::string path_ = [] {
    std::string name = ::testing::TempDir() + "tokens_XXXXXX";
    close(mkstemp(name.data()));
    return name;
  }();
  std::unique_ptr<BearerTokens> tokens_;
};

TEST_F(BearerTokensTest, EachTokenOfTheFileIsValid) {
  Open("\n  " + Token("first") + "\t\r\n\n" + Token("second"));
  EXPECT_TRUE(Check("Bearer " + Token("first")).ok());
  EXPECT_TRUE(Check("bearer " + Token("second") + " ").ok());
}

TEST_F(BearerTokensTest, OtherTokensAreInvalidAndNoMessageRepeatsOne) {
  Open(Token("first") + "\n" + Token("second") + "\n");
  for (const std::string& authorization :
       {"Bearer " + Token("third"), "Bearer " + Token("firs"), "Bearer " + Token("first") + "x",
        std::string("Bearer "), std::string("Bearer"), "Basic " + Token("first"), Token("first"),
        std::string(), "Bearer " + Token("FIRST")}) {
    const absl::Status status = Check(authorization);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << authorization;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("third")));
  }
  EXPECT_EQ(tokens_->Check(nullptr, now_).code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(BearerTokensTest, AFileWithoutTokensOrWithBadOnesIsRefused) {
  EXPECT_THAT(Refusal(" \n\n"), HasSubstr("expected at least one token, found none"));
  EXPECT_THAT(Refusal(Token("good") + "\nwith a space in it\n"), HasSubstr("others in line 2"));
  EXPECT_THAT(Refusal("with a space in it\n"), Not(HasSubstr("with a space")));
  EXPECT_THAT(Refusal("\xC3\xA4 0123456789abcdef\n"), HasSubstr("line 1"));
  EXPECT_THAT(std::string(BearerTokens::Open("no/such", now_).status().message()),
              HasSubstr("--auth-token-file is \"no/such\"; expected a file that can be read"));
}

TEST_F(BearerTokensTest, ATokenThatCouldBeGuessedIsRefused) {
  EXPECT_THAT(
      Refusal(Token("good") + "\n0123456789abcde\n"),
      HasSubstr("expected tokens of at least 16 characters, found a shorter one in line 2"));
  Open("0123456789abcdef\n");
  EXPECT_TRUE(Check("Bearer 0123456789abcdef").ok());
}

// To turn a token into a comment takes it back.
TEST_F(BearerTokensTest, ACommentIsNoToken) {
  Open("# Of the crawler, since May:\n" + Token("first") + "\n  #" + Token("second") + "\n#x\n");
  EXPECT_TRUE(Check("Bearer " + Token("first")).ok());
  EXPECT_FALSE(Check("Bearer #" + Token("second")).ok());
  EXPECT_FALSE(Check("Bearer #x").ok());
  EXPECT_THAT(Refusal("#" + Token("first")), HasSubstr("expected at least one token, found none"));
}

TEST_F(BearerTokensTest, ANewFileCountsASecondLater) {
  Open(Token("old"));
  WriteFile(path_, Token("new"));
  now_ += absl::Seconds(0.9);
  EXPECT_TRUE(Check("Bearer " + Token("old")).ok());
  now_ += absl::Seconds(0.1);
  EXPECT_FALSE(Check("Bearer " + Token("old")).ok());
  EXPECT_TRUE(Check("Bearer " + Token("new")).ok());
}

TEST_F(BearerTokensTest, AFileThatBecomesBadChangesNothing) {
  Open(Token("old"));
  for (const char* bad : {"", "not one of those\n", "short\n"}) {
    WriteFile(path_, bad);
    now_ += absl::Seconds(1);
    EXPECT_TRUE(Check("Bearer " + Token("old")).ok());
    EXPECT_FALSE(Check("Bearer short").ok());
  }
  std::filesystem::remove(path_);
  now_ += absl::Seconds(1);
  EXPECT_TRUE(Check("Bearer " + Token("old")).ok());
  WriteFile(path_, Token("new"));
  now_ += absl::Seconds(1);
  EXPECT_TRUE(Check("Bearer " + Token("new")).ok());
}

}  // namespace
}  // namespace verdict
