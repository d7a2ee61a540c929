#include "server/bearer_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "tests/server/certificates.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

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
  Open("\n  first\t\r\n\nsecond");
  EXPECT_TRUE(Check("Bearer first").ok());
  EXPECT_TRUE(Check("bearer second ").ok());
}

TEST_F(BearerTokensTest, NothingElseIsAndNoTokenIsRepeated) {
  Open("first\nsecond\n");
  for (const char* authorization : {"Bearer third", "Bearer firs", "Bearer firstx", "Bearer ",
                                    "Bearer", "Basic first", "first", "", "Bearer FIRST"}) {
    const absl::Status status = Check(authorization);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << authorization;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("third")));
  }
  EXPECT_EQ(tokens_->Check(nullptr, now_).code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(BearerTokensTest, AFileWithoutTokensOrWithBadOnesIsRefused) {
  EXPECT_THAT(Refusal(" \n\n"), HasSubstr("expected at least one token, found none"));
  EXPECT_THAT(Refusal("good\nwith space\n"), HasSubstr("others in line 2"));
  EXPECT_THAT(Refusal("with space\n"), Not(HasSubstr("with space")));
  EXPECT_THAT(Refusal("\xC3\xA4\n"), HasSubstr("line 1"));
  EXPECT_THAT(std::string(BearerTokens::Open("no/such", now_).status().message()),
              HasSubstr("--auth-token-file is \"no/such\"; expected a file that can be read"));
}

TEST_F(BearerTokensTest, ANewFileCountsASecondLater) {
  Open("old");
  WriteFile(path_, "new");
  now_ += absl::Seconds(0.9);
  EXPECT_TRUE(Check("Bearer old").ok());
  now_ += absl::Seconds(0.1);
  EXPECT_FALSE(Check("Bearer old").ok());
  EXPECT_TRUE(Check("Bearer new").ok());
}

TEST_F(BearerTokensTest, ANewFileCountsThoughTheClockWasSetBack) {
  Open("old");
  WriteFile(path_, "new");
  now_ -= absl::Hours(1);
  EXPECT_FALSE(Check("Bearer old").ok());
  EXPECT_TRUE(Check("Bearer new").ok());
}

TEST_F(BearerTokensTest, AFileThatBecomesBadChangesNothing) {
  Open("old");
  for (const char* bad : {"", "not one\n"}) {
    WriteFile(path_, bad);
    now_ += absl::Seconds(1);
    EXPECT_TRUE(Check("Bearer old").ok());
    EXPECT_FALSE(Check("Bearer not").ok());
  }
  std::filesystem::remove(path_);
  now_ += absl::Seconds(1);
  EXPECT_TRUE(Check("Bearer old").ok());
  WriteFile(path_, "new");
  now_ += absl::Seconds(1);
  EXPECT_TRUE(Check("Bearer new").ok());
}

}  // namespace
}  // namespace verdict
