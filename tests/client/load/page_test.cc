#include "client/load/page.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/load/display.h"
#include "client/load/report.h"
#include "client/load/subject.h"
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
  v1::GetModelResponse model;
  model.set_name("sst2");
  model.set_revision("5f2c");
  model.set_precision("int8");
  model.set_kernels("panels:AVX2");
  model.set_threads(2);
  model.set_version("0.9.0");
  return LoadReport({.begun = absl::FromUnixSeconds(1'700'000'000),
                     .model = model,
                     .machine = {.cpu = "A CPU", .cores = 4}},
                    flags, recorder, {});
}

TEST(LoadPageTest, HoldsTheReportAsItIs) {
  const nlohmann::ordered_json report = Report("127.0.0.1:1");
  const std::string page = LoadPage(report);
  const std::string begin = "<script type=\"application/json\" id=\"report\">";
  const size_t at = page.find(begin);
  ASSERT_NE(at, std::string::npos);
  const size_t from = at + begin.size();
  const std::string json = page.substr(from, page.find("</script>", from) - from);
  nlohmann::ordered_json data = nlohmann::ordered_json::parse(json);
  EXPECT_EQ(data["tiles"].size(), LoadFigures(report).size());
  data.erase("tiles");
  EXPECT_EQ(data, report);
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
  EXPECT_THAT(LoadSummary(report),
              HasSubstr("1 requests in 1.0 s: offered 1.0/s, goodput 1.0 texts/s, 1 OK, 0 not OK"));
}

TEST(LoadReportTest, SaysWhatWasMeasuredOnWhatAndWhen) {
  const nlohmann::ordered_json subject = Report("127.0.0.1:1")["subject"];
  EXPECT_EQ(subject["date"], "2023-11-14T22:13:20Z");
  EXPECT_NE(subject["client_version"], "");
  EXPECT_EQ(subject["server_version"], "0.9.0");
  EXPECT_EQ(subject["model"], "sst2");
  EXPECT_EQ(subject["revision"], "5f2c");
  EXPECT_EQ(subject["precision"], "int8");
  EXPECT_EQ(subject["kernels"], "panels:AVX2");
  EXPECT_EQ(subject["server_threads"], 2);
  EXPECT_EQ(subject["client_cpu"], "A CPU");
  EXPECT_EQ(subject["client_cores"], 4);
  const nlohmann::ordered_json unknown = SubjectJson({});
  for (const auto& [name, value] : unknown.items()) {
    if (name != "date" && name != "client_version") {
      EXPECT_TRUE(value.is_null()) << name;
    }
  }
}

// A stream is no request: its messages are.
TEST(LoadReportTest, TheConsoleAndTheTilesShowTheSameCounts) {
  LoadFlags flags;
  flags.stages = {{.begin_rate = 4, .end_rate = 4, .duration = absl::Seconds(1)}};
  LoadRecorder recorder({absl::Seconds(1)});
  const auto end = [&recorder](LoadMethod method, absl::StatusCode code, int milliseconds) {
    recorder.Started(method, 0, absl::ZeroDuration());
    recorder.Ended(
        {.method = method, .code = code, .ended = absl::Milliseconds(milliseconds), .texts_ok = 1});
  };
  end(LoadMethod::kClassifyStream, absl::StatusCode::kOk, 900);
  end(LoadMethod::kMessage, absl::StatusCode::kOk, 8);
  end(LoadMethod::kMessage, absl::StatusCode::kUnavailable, 1);
  end(LoadMethod::kClassify, absl::StatusCode::kOk, 8);
  const nlohmann::ordered_json report = LoadReport({}, flags, recorder, {});
  const std::vector<std::pair<std::string, std::string>> expected = {{"requests", "3"},
                                                                     {"offered", "3.0/s"},
                                                                     {"goodput", "2.0 texts/s"},
                                                                     {"OK", "2"},
                                                                     {"not OK", "1"},
                                                                     {"p50 of OK", "8.00 ms"},
                                                                     {"p99 of OK", "8.00 ms"},
                                                                     {"p99.9 of OK", "8.00 ms"},
                                                                     {"max of OK", "8.00 ms"}};
  const std::vector<LoadFigure> figures = LoadFigures(report);
  ASSERT_EQ(figures.size(), expected.size());
  const std::string console = LoadSummary(report);
  for (size_t i = 0; i < figures.size(); ++i) {
    EXPECT_EQ(figures[i].name, expected[i].first);
    EXPECT_EQ(figures[i].value, expected[i].second) << figures[i].name;
    EXPECT_THAT(console, HasSubstr(figures[i].value)) << figures[i].name;
  }
  EXPECT_THAT(LoadLine(recorder, absl::Seconds(1), 0), HasSubstr("OK 2  UNAVAILABLE 1"));
  EXPECT_EQ(report["stages"][0]["requests"]["ok"], 2);
  EXPECT_EQ(report["series"][0]["ok"], 2);
}

TEST(LoadPageTest, NoTableIsWiderThanItsFrame) {
  const std::string page = LoadPage(Report("127.0.0.1:1"));
  EXPECT_THAT(page, HasSubstr(".scroll { overflow-x: auto; }"));
  for (const char* table : {"codes", "subject", "options"}) {
    EXPECT_THAT(page, HasSubstr(absl::StrCat("<div class=\"scroll\" id=\"", table, "\"></div>")));
  }
  EXPECT_THAT(page, HasSubstr("{ class: \"scroll\", id: \"stage-table\" }"));
}

TEST(LoadSubjectTest, TheCpuIsTheFirstModelName) {
  EXPECT_EQ(
      CpuModel("processor\t: 0\nmodel\t\t: 167\nmodel name\t: Some CPU @ 2 GHz\nmodel name\t: x\n"),
      "Some CPU @ 2 GHz");
  EXPECT_EQ(CpuModel("processor\t: 0\nBogoMIPS\t: 50.00\n"), "");
  EXPECT_GT(ThisMachine().cores, 0);
}

}  // namespace
}  // namespace verdict
