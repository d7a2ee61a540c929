#include "client/load/page.h"

#include <nlohmann/json.hpp>
#include <string>

#include "absl/time/time.h"
#include "client/load/report.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// The report of a small load whose options hold `server`.
nlohmann::ordered_json Report(const std::string& server) {
  LoadFlags flags;
  flags.connection.server = server;
  flags.stages = {{.begin_rate = 1, .end_rate = 1, .duration = absl::Seconds(1)}};
  LoadRecorder recorder({absl::Seconds(1)});
  recorder.Started(LoadMethod::kClassify, 0, absl::ZeroDuration());
  recorder.Ended({.ended = absl::Milliseconds(4), .texts_ok = 1});
  return LoadReport(flags, recorder, {});
}

TEST(LoadPageTest, HoldsTheReportAsItIs) {
  const nlohmann::ordered_json report = Report("127.0.0.1:1");
  const std::string page = LoadPage(report);
  const std::string begin = "<script type=\"application/json\" id=\"report\">";
  const size_t at = page.find(begin);
  ASSERT_NE(at, std::string::npos);
  const size_t from = at + begin.size();
  const std::string json = page.substr(from, page.find("</script>", from) - from);
  EXPECT_EQ(nlohmann::ordered_json::parse(json), report);
}

TEST(LoadPageTest, NoStringOfTheReportCanEndItsScript) {
  const std::string hostile = "</script><script>alert(1)</script><!--<script>";
  const std::string page = LoadPage(Report(hostile));
  EXPECT_EQ(Count(page, "<script"), Count(LoadPage(Report("quiet")), "<script"));
  EXPECT_EQ(Count(page, "</script"), Count(LoadPage(Report("quiet")), "</script"));
  EXPECT_THAT(page, Not(HasSubstr("<!--")));
}

TEST(LoadPageTest, InvalidUtf8BecomesReplacementCharacters) {
  EXPECT_THAT(LoadPage(Report("\xFF\xC3")), HasSubstr("\xEF\xBF\xBD"));
}

TEST(LoadPageTest, AsksForNothingOutside) {
  const std::string page = LoadPage(Report("127.0.0.1:1"));
  for (const char* part : {"src=", "url(", "@import", "https://", "fetch("}) {
    EXPECT_THAT(page, Not(HasSubstr(part)));
  }
}

TEST(LoadReportTest, ASummaryHasCodesLatenciesAndRates) {
  const nlohmann::ordered_json report = Report("127.0.0.1:1");
  const auto& summary = report["summary"];
  EXPECT_EQ(summary["started"], 1);
  EXPECT_EQ(summary["finished"], 1);
  EXPECT_EQ(summary["ok"], 1);
  EXPECT_EQ(summary["goodput_per_second"], 1);
  EXPECT_EQ(summary["codes"]["OK"], 1);
  EXPECT_EQ(summary["latency_ms"]["OK"]["p99.9"], 4);
  EXPECT_EQ(summary["methods"]["Classify"]["codes"]["OK"], 1);
  EXPECT_EQ(report["stages"][0]["rate"], 1);
  EXPECT_EQ(report["series"][0]["p50_ms"], 4);
  EXPECT_THAT(LoadSummary(report), HasSubstr("1 calls in 1.0 s: offered 1.0/s"));
}

}  // namespace
}  // namespace verdict
