#include "server/tracing/trace_context.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

constexpr char kTrace[] = "0af7651916cd43dd8448eb211c80319c";
constexpr char kSpan[] = "b7ad6b7169203331";

TEST(TraceContextTest, ATraceparentIsATraceASpanAndWhetherItIsRecorded) {
  const auto context = ParseTraceparent(absl::StrCat("00-", kTrace, "-", kSpan, "-01"));
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(context->trace, (TraceId{0x0af7651916cd43dd, 0x8448eb211c80319c}));
  EXPECT_EQ(context->span, 0xb7ad6b7169203331);
  EXPECT_TRUE(context->sampled);
}

TEST(TraceContextTest, OnlyTheLowestFlagMeansAnything) {
  for (const char* flags : {"00", "02", "fe"}) {
    const auto context = ParseTraceparent(absl::StrCat("00-", kTrace, "-", kSpan, "-", flags));
    ASSERT_TRUE(context.has_value()) << flags;
    EXPECT_FALSE(context->sampled) << flags;
  }
  for (const char* flags : {"01", "03", "ff"}) {
    const auto context = ParseTraceparent(absl::StrCat("00-", kTrace, "-", kSpan, "-", flags));
    ASSERT_TRUE(context.has_value()) << flags;
    EXPECT_TRUE(context->sampled) << flags;
  }
}

TEST(TraceContextTest, ALaterVersionIsReadAsFarAsItIsKnown) {
  for (const char* header : {"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                             "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes",
                             "fe-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-"}) {
    const auto context = ParseTraceparent(header);
    ASSERT_TRUE(context.has_value()) << header;
    EXPECT_EQ(context->span, 0xb7ad6b7169203331) << header;
    EXPECT_TRUE(context->sampled) << header;
  }
}

TEST(TraceContextTest, WhatIsNoTraceparentIsIgnored) {
  for (const char* header : {
           "",
           "00",
           // A version that is none, or no number.
           "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "0A-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           // Ids that are none.
           "00-00000000000000000000000000000000-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
           // Upper case, other characters.
           "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-B7AD6B7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0.",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0A",
           // Too short, too long for version 00, and what follows another version without a dash.
           "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ",
           " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.what",
           "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-012",
           // Other characters where dashes are.
           "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01",
           // Two headers, as HTTP joins them.
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01, "
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
       }) {
    EXPECT_FALSE(ParseTraceparent(header).has_value()) << header;
  }
}

TEST(TraceContextTest, WhatIsWrittenIsReadAgain) {
  const SpanContext context = {.trace = {1, 0xabc}, .span = 0xf, .sampled = true};
  EXPECT_EQ(FormatTraceparent(context), "00-00000000000000010000000000000abc-000000000000000f-01");
  EXPECT_EQ(ParseTraceparent(FormatTraceparent(context)), context);
}

TEST(TraceContextTest, ATracestateIsAListOfKeysAndValues) {
  for (const char* header : {"a=b", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "a=1, b=2 ,\tc=3",
                             "fw529a3039@dt=FfAF;BBBB", "0tenant@system=x", "a=1,,b=2", "a= x"}) {
    EXPECT_TRUE(IsTracestate(header)) << header;
  }
  for (const char* header : {"", ",", "a", "a=", "=b", "A=b", "a=b=c", "a=1,a=2", "a@b@c=1",
                             "a b=1", "a=\x01", "a=\xc3\xa9", "@a=1"}) {
    EXPECT_FALSE(IsTracestate(header)) << header;
  }
}

TEST(TraceContextTest, ATracestateIsBounded) {
  std::string members = "k0=v";
  for (int i = 1; i < 32; ++i) absl::StrAppend(&members, ",k", i, "=v");
  EXPECT_TRUE(IsTracestate(members));
  EXPECT_FALSE(IsTracestate(absl::StrCat(members, ",k32=v")));
  EXPECT_TRUE(IsTracestate(absl::StrCat("a=", std::string(256, 'x'))));
  EXPECT_FALSE(IsTracestate(absl::StrCat("a=", std::string(257, 'x'))));
  EXPECT_FALSE(
      IsTracestate(absl::StrCat("a=", std::string(256, 'x'), ",b=", std::string(256, 'x'))));
}

}  // namespace
}  // namespace verdict
