#include "server/security/token_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace verdict {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kToken[] = "0123456789abcdef";

NamedCaller::Claim ClaimOf(const std::string& name, const std::string& text) {
  const auto file = ParseTokenFile(text);
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? file->claims.at(name) : NamedCaller::Claim();
}

std::string Line(const std::string& name, const std::string& rest = "") {
  return name + ":" + kToken + name + rest + "\n";
}

TEST(TokenFileTest, AShareIsAPartOfWhatAllHave) {
  const std::string text = Line("web", " share=3") + Line("mobile");
  EXPECT_EQ(ClaimOf("web", text).part, 0.75);
  EXPECT_EQ(ClaimOf("mobile", text).part, 0.25);
  EXPECT_EQ(ClaimOf("web", text).weight / ClaimOf("mobile", text).weight, 3);
}

TEST(TokenFileTest, ACallersLinesCountOnce) {
  const std::string text = Line("web") + Line("web") + Line("mobile");
  EXPECT_EQ(ClaimOf("web", text).part, 0.5);
}

TEST(TokenFileTest, AnyLineOfACallerMaySayItsShare) {
  const std::string text = Line("web") + Line("web", "\tshare=4  priority=bulk ") + Line("mobile");
  EXPECT_EQ(ClaimOf("web", text).part, 0.8);
  EXPECT_EQ(ClaimOf("web", text).weight, 1.6) << "bulk, and 4 by a mean of 2.5";
}

TEST(TokenFileTest, BulkWeighsLessThanInteractive) {
  const std::string text =
      Line("nightly", " priority=bulk") + Line("web", " priority=interactive") + Line("mobile");
  EXPECT_EQ(ClaimOf("nightly", text).weight * NamedCaller::kInteractive,
            ClaimOf("web", text).weight);
  EXPECT_EQ(ClaimOf("web", text).weight, ClaimOf("mobile", text).weight);
  EXPECT_EQ(ClaimOf("nightly", text).part, ClaimOf("web", text).part);
}

TEST(TokenFileTest, ThoseWithoutANameAreOneCaller) {
  const std::string text = std::string(kToken) + "1\n" + kToken + "2\n" + Line("web");
  EXPECT_EQ(ClaimOf("", text).part, 0.5);
}

TEST(TokenFileTest, WhatItDoesNotKnowIsRefusedAndNeverQuoted) {
  const struct {
    std::string line;
    const char* message;
  } kCases[] = {
      {Line("web", " share=0"), "expected a share from 1 to 1000, found something else in line 2"},
      {Line("web", " share=1.5"), "expected a share from 1 to 1000"},
      {Line("web", " priority=high"), "expected the priority interactive or bulk"},
      {Line("web", " secret"), "then share=N or priority=bulk, found something else in line 2"},
      {Line("web", " rate=7"), "then share=N or priority=bulk"},
      {Line("we/b"), "expected a caller's name of 1 to 64 letters"},
      {Line(""), "expected a caller's name"},
      {Line(std::string(65, 'x')), "expected a caller's name"},
      {"web:secret\n", "expected tokens of at least 16 characters"},
      {Line("web", " share=2") + Line("web", " share=3"),
       "expected one share of a caller, found another in line 3 than in line 2"},
      {Line("web", " priority=bulk") + Line("web", " priority=interactive"),
       "expected one priority of a caller"},
  };
  for (const auto& bad : kCases) {
    const auto file = ParseTokenFile("# a comment\n" + bad.line);
    EXPECT_EQ(file.status().code(), absl::StatusCode::kInvalidArgument) << bad.line;
    EXPECT_THAT(std::string(file.status().message()),
                AllOf(HasSubstr(bad.message), Not(HasSubstr("secret")), Not(HasSubstr(kToken))))
        << bad.line;
  }
}

}  // namespace
}  // namespace verdict
