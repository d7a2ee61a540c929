#include "server/security/bearer_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/server/fixtures/certificates.h"

namespace verdict {
namespace {

using ::testing::ElementsAre;
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
    return tokens_->Check(&view, now_).status();
  }

  // The name of the caller with this token; nothing if there is none.
  std::optional<std::string> NameOf(const std::string& token) {
    const std::string authorization = "Bearer " + token;
    const absl::string_view view = authorization;
    const auto caller = tokens_->Check(&view, now_);
    if (!caller.ok()) return std::nullopt;
    return (*caller)->name();
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
  EXPECT_EQ(tokens_->Check(nullptr, now_).status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(BearerTokensTest, AFileWithoutTokensOrWithBadOnesIsRefused) {
  EXPECT_THAT(Refusal(" \n\n"), HasSubstr("expected at least one token, found none"));
  EXPECT_THAT(Refusal(Token("good") + "\n" + Token("with") + " a space\n"),
              HasSubstr("found something else in line 2"));
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

TEST_F(BearerTokensTest, ATokenMayHaveTheNameOfItsCaller) {
  Open("web:" + Token("new") + "\nweb:" + Token("old") + "\n" + Token("anybody") + "\n");
  EXPECT_EQ(NameOf(Token("new")), "web");
  EXPECT_EQ(NameOf(Token("old")), "web");
  EXPECT_EQ(NameOf(Token("anybody")), "");
  EXPECT_EQ(NameOf("web:" + Token("new")), std::nullopt);
}

// Who measures by name finds a caller from its first call on.
TEST_F(BearerTokensTest, EachNameIsToldOfOnce) {
  Open("web:" + Token("web"));
  std::vector<std::string> names;
  tokens_->SetListener([&names](const NamedCaller& caller) { names.push_back(caller.name()); });
  EXPECT_THAT(names, ElementsAre("web"));
  WriteFile(path_, "web:" + Token("next") + "\nnightly:" + Token("nightly"));
  now_ += absl::Seconds(1);
  EXPECT_EQ(NameOf(Token("nightly")), "nightly");
  EXPECT_THAT(names, ElementsAre("web", "nightly"));
}

TEST_F(BearerTokensTest, ANewFileChangesWhatItsCallersMayClaim) {
  Open("web:" + Token("web"));
  const std::string authorization = "Bearer " + Token("web");
  const absl::string_view view = authorization;
  const NamedCaller* const web = tokens_->Check(&view, now_).value();
  EXPECT_EQ(web->part(), 1);
  WriteFile(path_, "web:" + Token("web") + " share=3\nnightly:" + Token("nightly"));
  now_ += absl::Seconds(1);
  EXPECT_EQ(tokens_->Check(&view, now_).value(), web);
  EXPECT_EQ(web->part(), 0.75);
}

TEST_F(BearerTokensTest, MoreNamesThanThereAreSeriesForAreRefused) {
  std::string many;
  for (size_t i = 1; i < kMostCallers; ++i)
    absl::StrAppend(&many, "c", i, ":", Token("x"), i, "\n");
  Open(many);
  EXPECT_THAT(Refusal(many + "one-more:" + Token("more")),
              HasSubstr("expected at most 64 names since the start, found 65"));
}

}  // namespace
}  // namespace verdict
