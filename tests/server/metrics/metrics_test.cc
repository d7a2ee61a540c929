#include "server/metrics/metrics.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/fixtures/metric_page.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class MetricsTest : public ::testing::Test {
 protected:
  // The value of a series, as text; empty if the page has no such series.
  std::string Value(absl::string_view series) const {
    return SeriesValue(metrics_.Expose(), series);
  }

  std::string Handled(absl::string_view method, absl::string_view code) const {
    return Value(HandledSeries(method, code));
  }

  double Quantile(absl::string_view stage, absl::string_view quantile) const {
    const std::string value = Value(
        absl::StrCat("verdict_latency_seconds{stage=\"", stage, "\",quantile=\"", quantile, "\"}"));
    EXPECT_THAT(value, Not("")) << stage << " " << quantile;
    return std::strtod(value.c_str(), nullptr);
  }

  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  Metrics metrics_{{.name = "demo \"model\"",
                    .revision = "cafe",
                    .precision = "f32",
                    .isa = "avx2",
                    .kernels = "brgemm:avx2",
                    .threads = 2,
                    .load = absl::Milliseconds(250)},
                   [this] { return now_; }};
};

TEST_F(MetricsTest, EverySeriesExistsFromTheStart) {
  for (const char* method :
       {"Classify", "ClassifyBatch", "ClassifyStream", "Tokenize", "GetModel"}) {
    for (const char* code :
         {"OK", "Canceled", "InvalidArgument", "DeadlineExceeded", "ResourceExhausted",
          "Unimplemented", "Internal", "Unavailable", "Unauthenticated"}) {
      EXPECT_EQ(Handled(method, code), "0") << method << " " << code;
    }
    for (const char* counter : {"started", "msg_received", "msg_sent"}) {
      EXPECT_EQ(Value(absl::StrCat("grpc_server_", counter, "_total{", CallLabels(method), "}")),
                "0")
          << method << " " << counter;
    }
  }
  for (const char* stage : {"tokenize", "queue", "inference"}) {
    EXPECT_EQ(Value(absl::StrCat("verdict_expired_total{stage=\"", stage, "\"}")), "0");
    EXPECT_EQ(Value(absl::StrCat("verdict_stage_duration_seconds_count{stage=\"", stage, "\"}")),
              "0");
  }
  for (const char* reason : {"queue_full", "deadline", "in_flight", "draining"}) {
    EXPECT_EQ(Value(absl::StrCat("verdict_shed_total{reason=\"", reason, "\"}")), "0");
  }
  for (const char* outcome : {"exported", "dropped", "failed"}) {
    EXPECT_EQ(Value(absl::StrCat("verdict_trace_spans_total{outcome=\"", outcome, "\"}")), "0");
  }
  for (const char* series :
       {"verdict_queue_texts", "verdict_queue_tokens", "verdict_tokens_total",
        "verdict_truncated_total", "verdict_batch_texts_count", "verdict_batch_tokens_count",
        "verdict_queue_tokens_limit", "verdict_queue_oldest_seconds", "verdict_in_flight_texts",
        "verdict_in_flight_bytes", "verdict_in_flight_texts_limit", "verdict_in_flight_bytes_limit",
        "verdict_tokens_per_second", "verdict_engine_busy_seconds_total",
        "verdict_engine_stalled_seconds", "verdict_ready"}) {
    EXPECT_EQ(Value(series), "0") << series;
  }
}

TEST_F(MetricsTest, CountsCallsPerMethodAndCode) {
  metrics_.calls().Started(Method::kClassify);
  metrics_.calls().Started(Method::kClassify);
  metrics_.calls().Handled(Method::kClassify, absl::StatusCode::kOk, absl::Milliseconds(12));
  metrics_.calls().Handled(Method::kClassify, absl::StatusCode::kResourceExhausted,
                           absl::Seconds(0));
  const char labels[] =
      "{grpc_method=\"Classify\",grpc_service=\"verdict.v1.Classifier\",grpc_type=\"unary\"}";
  EXPECT_EQ(Value(absl::StrCat("grpc_server_started_total", labels)), "2");
  EXPECT_EQ(Value(absl::StrCat("grpc_server_handling_seconds_count", labels)), "2");
  EXPECT_EQ(Handled("Classify", "OK"), "1");
  EXPECT_EQ(Handled("Classify", "ResourceExhausted"), "1");
  EXPECT_EQ(Handled("Tokenize", "OK"), "0");
}

TEST_F(MetricsTest, EveryTextHasAnOutcomeByMethodAndCode) {
  metrics_.outcomes().Count(AnyCaller(), Method::kClassifyBatch, absl::StatusCode::kOk, 3);
  metrics_.outcomes().Count(AnyCaller(), Method::kClassifyBatch, absl::StatusCode::kDataLoss);
  const auto texts = [this](absl::string_view code) {
    return Value(absl::StrCat("verdict_texts_total{code=\"", code,
                              "\",method=\"ClassifyBatch\",model=\"demo \\\"model\\\"\"}"));
  };
  EXPECT_EQ(texts("OK"), "3");
  EXPECT_EQ(texts("DataLoss"), "1");
  EXPECT_EQ(texts("Internal"), "0") << "there from the start, as rate() needs it";
}

TEST_F(MetricsTest, TextsOfANamedCallerHaveItsNameFromTheStart) {
  const NamedCaller web(1, "web");
  metrics_.outcomes().Count(web, Method::kClassify, absl::StatusCode::kOk);
  metrics_.outcomes().Add(web);
  metrics_.outcomes().Count(web, Method::kClassify, absl::StatusCode::kDataLoss, 2);
  const auto texts = [this](absl::string_view code, absl::string_view caller) {
    return Value(absl::StrCat("verdict_texts_total{", caller, "code=\"", code,
                              "\",method=\"Classify\",model=\"demo \\\"model\\\"\"}"));
  };
  EXPECT_EQ(texts("OK", ""), "1") << "it had no series yet";
  EXPECT_EQ(texts("OK", "caller=\"web\","), "0");
  EXPECT_EQ(texts("DataLoss", "caller=\"web\","), "2");
}

TEST_F(MetricsTest, ATokenizersMedianIsToldFromAMillisecond) {
  metrics_.ObserveStage(Stage::kTokenize, absl::Microseconds(26));
  const auto bucket = [this](absl::string_view le) {
    return Value(
        absl::StrCat("verdict_stage_duration_seconds_bucket{stage=\"tokenize\",le=\"", le, "\"}"));
  };
  EXPECT_EQ(bucket("2.5e-05"), "0");
  EXPECT_EQ(bucket("5e-05"), "1");
}

TEST_F(MetricsTest, CountsMessagesPerMethodAndDirection) {
  metrics_.calls().MessageReceived(Method::kClassifyStream);
  metrics_.calls().MessageReceived(Method::kClassifyStream);
  metrics_.calls().MessageSent(Method::kClassifyStream);
  const std::string labels = absl::StrCat("_total{", CallLabels("ClassifyStream"), "}");
  EXPECT_EQ(Value("grpc_server_msg_received" + labels), "2");
  EXPECT_EQ(Value("grpc_server_msg_sent" + labels), "1");
  EXPECT_EQ(Value(absl::StrCat("grpc_server_msg_received_total{", CallLabels("Classify"), "}")),
            "0");
}

TEST_F(MetricsTest, CountsACodeThatWasNotForeseen) {
  EXPECT_EQ(Handled("GetModel", "DataLoss"), "");
  metrics_.calls().Handled(Method::kGetModel, absl::StatusCode::kDataLoss, absl::Seconds(0));
  metrics_.calls().Handled(Method::kGetModel, absl::StatusCode::kDataLoss, absl::Seconds(0));
  EXPECT_EQ(Handled("GetModel", "DataLoss"), "2");
  metrics_.calls().Handled(Method::kGetModel, static_cast<absl::StatusCode>(99), absl::Seconds(0));
  EXPECT_EQ(Handled("GetModel", "Unknown"), "1");
}

TEST_F(MetricsTest, EveryStageHasALatencyOfItsOwnOverTheLastMinute) {
  for (int i = 1; i <= 1000; ++i) metrics_.ObserveStage(Stage::kTotal, absl::Milliseconds(i));
  for (const auto& [quantile, seconds] : std::vector<std::pair<const char*, double>>{
           {"0.5", .5}, {"0.9", .9}, {"0.95", .95}, {"0.99", .99}, {"0.999", .999}}) {
    EXPECT_NEAR(Quantile("total", quantile), seconds, seconds * 0.01);
  }
  EXPECT_TRUE(std::isnan(Quantile("queue", "0.5")));
  now_ += absl::Seconds(66);
  EXPECT_TRUE(std::isnan(Quantile("total", "0.5")));
  EXPECT_EQ(Value("verdict_latency_seconds_count{stage=\"total\"}"), "1000");
  EXPECT_EQ(Value("verdict_latency_seconds_count{stage=\"queue\"}"), "0");
}

TEST_F(MetricsTest, StagesFillTheirHistograms) {
  metrics_.ObserveStage(Stage::kInference, absl::Milliseconds(35));
  EXPECT_EQ(Value("verdict_stage_duration_seconds_bucket{stage=\"inference\",le=\"0.03\"}"), "0");
  EXPECT_EQ(Value("verdict_stage_duration_seconds_bucket{stage=\"inference\",le=\"0.04\"}"), "1");
  EXPECT_EQ(Value("verdict_stage_duration_seconds_count{stage=\"queue\"}"), "0");
}

TEST_F(MetricsTest, CountsTextsBatchesAndTheQueue) {
  metrics_.ObserveBatch(3, 100, absl::Milliseconds(250));
  metrics_.SetQueue(5, 70, absl::Milliseconds(1500));
  metrics_.SetQueueLimit(4000);
  metrics_.CountTokens(100);
  metrics_.CountTruncated();
  metrics_.CountShed(ShedReason::kDeadline, 3);
  metrics_.SetTokensPerSecond(3400.5);
  metrics_.AddInFlight(9, 1000);
  metrics_.AddInFlight(-2, -300);
  metrics_.SetInFlightLimits(50, 6000);
  metrics_.CountExpired(Stage::kQueue, 1);
  EXPECT_EQ(Value("verdict_batch_texts_sum"), "3");
  EXPECT_EQ(Value("verdict_batch_tokens_bucket{le=\"128\"}"), "1");
  EXPECT_EQ(Value("verdict_queue_texts"), "5");
  EXPECT_EQ(Value("verdict_queue_tokens"), "70");
  EXPECT_EQ(Value("verdict_queue_tokens_limit"), "4000");
  EXPECT_EQ(Value("verdict_queue_oldest_seconds"), "1.5");
  EXPECT_EQ(Value("verdict_engine_busy_seconds_total"), "0.25");
  EXPECT_EQ(Value("verdict_tokens_total"), "100");
  EXPECT_EQ(Value("verdict_truncated_total"), "1");
  EXPECT_EQ(Value("verdict_shed_total{reason=\"deadline\"}"), "3");
  EXPECT_EQ(Value("verdict_tokens_per_second"), "3400.5");
  EXPECT_EQ(Value("verdict_in_flight_texts"), "7");
  EXPECT_EQ(Value("verdict_in_flight_bytes"), "700");
  EXPECT_EQ(Value("verdict_in_flight_texts_limit"), "50");
  EXPECT_EQ(Value("verdict_in_flight_bytes_limit"), "6000");
  EXPECT_EQ(Value("verdict_expired_total{stage=\"queue\"}"), "1");
}

TEST_F(MetricsTest, SaysWhetherTheServerIsReadyAndTheEngineMoves) {
  metrics_.SetReady(true);
  metrics_.SetEngineStalled(absl::Seconds(12));
  EXPECT_EQ(Value("verdict_ready"), "1");
  EXPECT_EQ(Value("verdict_engine_stalled_seconds"), "12");
  metrics_.SetReady(false);
  metrics_.SetEngineStalled(absl::ZeroDuration());
  EXPECT_EQ(Value("verdict_ready"), "0");
  EXPECT_EQ(Value("verdict_engine_stalled_seconds"), "0");
}

TEST_F(MetricsTest, DescribesTheModelAndTheBuild) {
  EXPECT_EQ(Value("verdict_model_info{isa=\"avx2\",kernels=\"brgemm:avx2\",name=\"demo "
                  "\\\"model\\\"\",precision=\"f32\","
                  "revision=\"cafe\",threads=\"2\"}"),
            "1");
  EXPECT_EQ(Value("verdict_model_load_seconds"), "0.25");
  EXPECT_THAT(metrics_.Expose(), HasSubstr("verdict_build_info{compiler=\""));
}

TEST(MetricsOfKernelsTest, RejectedKernelsAreNamed) {
  EXPECT_THAT(Metrics(ServedModel{.rejected_kernels = "panels:AVX2"}).Expose(),
              HasSubstr("verdict_rejected_kernels{kernels=\"panels:AVX2\"} 1"));
  EXPECT_THAT(Metrics(ServedModel{}).Expose(), Not(HasSubstr("verdict_rejected_kernels")));
}

TEST_F(MetricsTest, LosesNothingBetweenThreads) {
  constexpr int kThreads = 4, kEach = 5000;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this] {
      for (int j = 0; j < kEach; ++j) {
        metrics_.calls().Started(Method::kTokenize);
        metrics_.calls().Handled(Method::kTokenize, absl::StatusCode::kOk, absl::Milliseconds(1));
        metrics_.calls().Handled(Method::kTokenize, absl::StatusCode::kAborted,
                                 absl::Milliseconds(1));
        metrics_.ObserveStage(Stage::kTotal, absl::Milliseconds(j));
        if (j % 1000 == 0) metrics_.Expose();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Handled("Tokenize", "OK"), absl::StrCat(kThreads * kEach));
  EXPECT_EQ(Handled("Tokenize", "Aborted"), absl::StrCat(kThreads * kEach));
  EXPECT_EQ(Value("verdict_latency_seconds_count{stage=\"total\"}"),
            absl::StrCat(kThreads * kEach));
}

TEST_F(MetricsTest, PassesPromtoolsLint) {
  if (std::system("command -v promtool >/dev/null") != 0) {
    GTEST_SKIP() << "promtool is not installed (package prometheus)";
  }
  metrics_.ObserveStage(Stage::kTotal, absl::Milliseconds(20));
  const std::string path = absl::StrCat(::testing::TempDir(), "/verdict_metrics.", getpid());
  std::ofstream(path) << metrics_.Expose();
  // It complains on stderr, and by its exit status.
  FILE* promtool = popen(absl::StrCat("promtool check metrics <", path, " 2>&1").c_str(), "r");
  ASSERT_NE(promtool, nullptr);
  std::string complaints;
  for (int c; (c = std::fgetc(promtool)) != EOF;) complaints.push_back(static_cast<char>(c));
  EXPECT_EQ(pclose(promtool), 0);
  EXPECT_EQ(complaints, "");
  std::remove(path.c_str());
}

}  // namespace
}  // namespace verdict
