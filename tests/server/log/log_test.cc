#include "server/log/log.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "latency/steady_clock.h"

namespace verdict {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

class LogTest : public ::testing::Test {
 protected:
  void TearDown() override {
    StartLogging({});
    std::fclose(stream_);
  }

  void Start(LogFormat format, LogLevel level = LogLevel::kInfo) {
    StartLogging({.level = level, .format = format}, fileno(stream_));
  }

  // All lines so far.
  std::vector<std::string> Lines() {
    FlushLog(absl::InfiniteDuration());
    std::rewind(stream_);
    std::string text;
    for (int c; (c = std::fgetc(stream_)) != EOF;) text.push_back(static_cast<char>(c));
    std::vector<std::string> lines = absl::StrSplit(text, '\n');
    EXPECT_EQ(lines.back(), "");
    lines.pop_back();
    return lines;
  }

  std::string TheLine() {
    const std::vector<std::string> lines = Lines();
    EXPECT_THAT(lines, SizeIs(1));
    return lines.empty() ? "" : lines[0];
  }

  std::FILE* const stream_ = std::tmpfile();
};

TEST_F(LogTest, TextIsTimeLevelMessageAndFields) {
  Start(LogFormat::kText);
  Log(LogLevel::kWarning, "model loaded",
      {{"path", "models/demo"}, {"seconds", 0.25}, {"tokens", size_t{17}}, {"warm", true}});
  EXPECT_THAT(
      TheLine(),
      MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "
                   "warning model loaded path=models/demo seconds=0.25 tokens=17 warm=true"));
}

TEST_F(LogTest, TextQuotesWhatIsNotAWord) {
  Start(LogFormat::kText);
  Log(LogLevel::kInfo, "x",
      {{"a", "two words"}, {"b", ""}, {"c", "q\"\n"}, {"d", std::string("é")}});
  EXPECT_THAT(TheLine(), EndsWith("x a=\"two words\" b=\"\" c=\"q\\\"\\n\" d=é"));
}

TEST_F(LogTest, AMessageStaysOnItsLine) {
  Start(LogFormat::kText);
  Log(LogLevel::kInfo, "first\nforged line");
  EXPECT_THAT(TheLine(), EndsWith("first\\nforged line"));
}

TEST_F(LogTest, JsonIsOneObjectALineInThisOrder) {
  Start(LogFormat::kJson);
  Log(LogLevel::kInfo, "model loaded",
      {{"path", "models/demo"}, {"seconds", 0.25}, {"warm", false}});
  EXPECT_THAT(TheLine(), MatchesRegex("\\{\"time\":\"[0-9T:.-]+Z\",\"level\":\"info\","
                                      "\"message\":\"model loaded\",\"path\":\"models/demo\","
                                      "\"seconds\":0.25,\"warm\":false\\}"));
}

TEST_F(LogTest, JsonSurvivesAnyBytes) {
  Start(LogFormat::kJson);
  const std::string nasty("\"}\\\n\r\t\x01\0 %v {} \xff é", 19);
  Log(LogLevel::kError, nasty,
      {{"value", nasty}, {"nan", std::numeric_limits<double>::quiet_NaN()}});
  const auto line = nlohmann::json::parse(TheLine());
  const std::string readable = nlohmann::json::parse(
      nlohmann::json(nasty).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  EXPECT_EQ(line["message"].get<std::string>(), readable);
  EXPECT_EQ(line["value"].get<std::string>(), readable);
  EXPECT_TRUE(line["nan"].is_null());
}

TEST_F(LogTest, NoLineCommandsATerminal) {
  const std::string nasty =
      "\x1b[31m \xC2\x9B"
      "31m \x7F \xC3\xA9";
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    Start(format);
    Log(LogLevel::kInfo, nasty, {{"label", nasty}});
  }
  for (const std::string& line : Lines()) {
    EXPECT_EQ(line.find_first_of("\x1b\x7F\x9B"), std::string::npos) << line;
    EXPECT_THAT(line, HasSubstr("\\u009b31m"));
    EXPECT_THAT(line, HasSubstr("\xC3\xA9"));
  }
}

TEST_F(LogTest, DropsWhatIsBelowTheLevel) {
  Start(LogFormat::kText, LogLevel::kWarning);
  Log(LogLevel::kDebug, "no");
  Log(LogLevel::kInfo, "no");
  EXPECT_THAT(Lines(), IsEmpty());
  Log(LogLevel::kError, "yes");
  EXPECT_THAT(TheLine(), EndsWith(" error yes"));
}

TEST_F(LogTest, LibrariesSpeakInTheSameLines) {
  Start(LogFormat::kJson);
  gpr_log(GPR_ERROR, "from %s", "gRPC");
  GOOGLE_LOG(WARNING) << "from Protobuf";
  const std::vector<std::string> lines = Lines();
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(nlohmann::json::parse(lines[0])["message"].get<std::string>(), "from gRPC");
  EXPECT_EQ(nlohmann::json::parse(lines[0])["library"], "grpc");
  EXPECT_EQ(nlohmann::json::parse(lines[1])["message"], "from Protobuf");
  EXPECT_EQ(nlohmann::json::parse(lines[1])["level"], "warning");
}

TEST_F(LogTest, ThreadsDoNotMixTheirLines) {
  Start(LogFormat::kJson);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int j = 0; j < 100; ++j) Log(LogLevel::kInfo, std::string(50, 'x'), {{"thread", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<std::string> lines = Lines();
  EXPECT_THAT(lines, SizeIs(400));
  for (const std::string& line : lines) {
    EXPECT_TRUE(nlohmann::json::accept(line)) << line;
  }
}

TEST_F(LogTest, WhatCallersCauseIsTenLinesASecondAtMost) {
  const uint64_t before = LinesDropped().limit;
  Start(LogFormat::kText);
  const absl::Time start = SteadyNow();
  for (int i = 0; i < 500; ++i) {
    gpr_log(GPR_ERROR, "junk %d", i);
    GOOGLE_LOG(ERROR) << "junk";
    LogCallers(LogLevel::kError, "junk of ours");
  }
  const double seconds = absl::ToDoubleSeconds(SteadyNow() - start);
  const std::vector<std::string> lines = Lines();
  EXPECT_LE(lines.size(), 10 * (seconds + 1) + 1);
  EXPECT_GE(lines.size(), 10U);
  EXPECT_THAT(lines.back(), HasSubstr("callers caused more lines than are logged"));
  EXPECT_GE(LinesDropped().limit - before, 1500 - lines.size());
  Log(LogLevel::kError, "ours are not limited");
  EXPECT_THAT(Lines(), SizeIs(lines.size() + 1));
}

TEST_F(LogTest, ALongLineOfALibraryIsCut) {
  Start(LogFormat::kText);
  gpr_log(GPR_ERROR, "%s", std::string(100'000, 'x').c_str());
  const std::string line = TheLine();
  EXPECT_LT(line.size(), 1300U);
  EXPECT_THAT(line, HasSubstr("xxx... (100000 bytes)"));
}

// With a log that blocks this never ends.
TEST_F(LogTest, WhoLogsNeverWaitsForWhoReads) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  StartLogging({}, ends[1]);
  constexpr uint64_t kLines = 20'000;
  for (uint64_t i = 0; i < kLines; ++i) Log(LogLevel::kInfo, "nobody reads this", {{"i", i}});
  FlushLog(absl::Milliseconds(1));
  // What the pipe took, what waits, and what is lost.
  EXPECT_GE(LinesDropped().unread, kLines / 2);
  std::thread reader([&] {
    char bytes[4096];
    while (read(ends[0], bytes, sizeof(bytes)) > 0) {
    }
  });
  StartLogging({}, fileno(stream_));  // waits until the pipe has the lines that waited
  close(ends[1]);
  reader.join();
  close(ends[0]);
}

TEST_F(LogTest, TheLevelCanBeSetAtRunTime) {
  Start(LogFormat::kText);
  Log(LogLevel::kDebug, "unseen");
  SetLogLevel(LogLevel::kDebug);
  Log(LogLevel::kDebug, "seen");
  EXPECT_EQ(CurrentLogLevel(), LogLevel::kDebug);
  SetLogLevel(LogLevel::kError);
  Log(LogLevel::kWarning, "unseen again");
  EXPECT_THAT(TheLine(), EndsWith("debug seen"));
}

TEST_F(LogTest, EveryLevelHasAName) {
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    EXPECT_EQ(LogLevelOf(LogLevelName(level)), level);
  }
  EXPECT_FALSE(LogLevelOf("loud").has_value());
  EXPECT_FALSE(LogLevelOf("").has_value());
}

}  // namespace
}  // namespace verdict
