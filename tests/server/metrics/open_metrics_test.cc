#include "server/metrics/open_metrics/open_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/metrics/metrics.h"
#include "server/metrics/series.h"

namespace verdict {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const Exemplars* None(const prometheus::MetricFamily& /*family*/,
                      const prometheus::ClientMetric& /*metric*/) {
  return nullptr;
}

std::string PageOf(const prometheus::Registry& registry) {
  return OpenMetricsPage(registry.Collect(), &None);
}

TEST(OpenMetricsTest, ACountersFamilyIsNamedWithoutTotal) {
  prometheus::Registry registry;
  AddCounter(registry, "verdict_things_total", "Things.", {{"kind", "a"}}).Increment(3);
  EXPECT_EQ(PageOf(registry),
            "# TYPE verdict_things counter\n"
            "# HELP verdict_things Things.\n"
            "verdict_things_total{kind=\"a\"} 3\n"
            "# EOF\n");
}

TEST(OpenMetricsTest, AGaugeMayHaveNoLabelsAndAnyValue) {
  const double kValues[] = {0.1, 1e21, -2.5, std::nan(""),
                            -std::numeric_limits<double>::infinity()};
  const char* const kTexts[] = {"0.1", "1e+21", "-2.5", "NaN", "-Inf"};
  for (int i = 0; i < 5; ++i) {
    prometheus::Registry registry;
    AddGauge(registry, "level", "Now.").Set(kValues[i]);
    EXPECT_EQ(PageOf(registry), std::string("# TYPE level gauge\n# HELP level Now.\nlevel ") +
                                    kTexts[i] + "\n# EOF\n");
  }
}

TEST(OpenMetricsTest, ALabelIsEscaped) {
  prometheus::Registry registry;
  AddGauge(registry, "level", "A \\ and\nmore.", {{"name", "a\"b\\c\nd"}});
  EXPECT_THAT(PageOf(registry), HasSubstr(R"({name="a\"b\\c\nd"} 0)"));
  EXPECT_THAT(PageOf(registry), HasSubstr(R"(# HELP level A \\ and\nmore.)"));
}

TEST(OpenMetricsTest, BucketsAreNamedByNumbersWithAPoint) {
  prometheus::Registry registry;
  const HistogramFamily family = {"took_seconds", "Time.", {1e-05, 0.5, 2}};
  family.Add(registry).Observe(0.25);
  EXPECT_EQ(PageOf(registry),
            "# TYPE took_seconds histogram\n"
            "# HELP took_seconds Time.\n"
            "took_seconds_bucket{le=\"1e-05\"} 0\n"
            "took_seconds_bucket{le=\"0.5\"} 1\n"
            "took_seconds_bucket{le=\"2.0\"} 1\n"
            "took_seconds_bucket{le=\"+Inf\"} 1\n"
            "took_seconds_count 1\n"
            "took_seconds_sum 0.25\n"
            "# EOF\n");
}

TEST(OpenMetricsTest, ABucketHasItsLatestExemplar) {
  prometheus::Registry registry;
  const HistogramFamily family = {"took_seconds", "Time.", {0.5, 2}};
  family.Add(registry);
  Exemplars exemplars({0.5, 2});
  const absl::Time time = absl::FromUnixMillis(1'700'000'000'250);
  exemplars.Note({.trace_id = "a", .value = 0.25, .time = time});
  exemplars.Note({.trace_id = "b", .value = 0.5, .time = time});
  exemplars.Note({.trace_id = "c", .value = 7, .time = time});
  const std::string page =
      OpenMetricsPage(registry.Collect(),
                      [&](const auto& /*family*/, const auto& /*metric*/) { return &exemplars; });
  EXPECT_THAT(page, HasSubstr("le=\"0.5\"} 0 # {trace_id=\"b\"} 0.5 1700000000.250\n"));
  EXPECT_THAT(page, HasSubstr("le=\"2.0\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("le=\"+Inf\"} 0 # {trace_id=\"c\"} 7 1700000000.250\n"));
}

TEST(OpenMetricsTest, CallsWhoseTraceIsRecordedAreExemplarsOfTheirMethod) {
  Metrics metrics{ServedModel{}};
  metrics.calls().Handled(Method::kTokenize, absl::StatusCode::kOk, absl::Milliseconds(3), "abc");
  metrics.calls().Handled(Method::kClassify, absl::StatusCode::kOk, absl::Milliseconds(3));
  const std::string page = metrics.ExposeOpenMetrics();
  EXPECT_THAT(page, HasSubstr("grpc_method=\"Tokenize\",grpc_service=\"verdict.v1.Classifier\","
                              "grpc_type=\"unary\",le=\"0.005\"} 1 # {trace_id=\"abc\"} 0.003 "));
  EXPECT_THAT(page, Not(HasSubstr("le=\"0.0025\"} 0 # ")));
  EXPECT_THAT(metrics.Expose(), Not(HasSubstr("trace_id"))) << "the older format has none";
}

// Whoever scrapes either finds the same, but for the names of families and buckets.
TEST(OpenMetricsTest, ThePageHasAllThatTheOlderOneHas) {
  const Metrics metrics{ServedModel{}};
  const std::string page = metrics.ExposeOpenMetrics();
  EXPECT_THAT(page, StartsWith("# TYPE "));
  EXPECT_THAT(page, EndsWith("\n# EOF\n"));
  for (const prometheus::MetricFamily& family : metrics.Collect()) {
    EXPECT_THAT(page, HasSubstr("\n" + family.name)) << family.name;
    if (family.type != prometheus::MetricType::Counter) continue;
    EXPECT_THAT(family.name, EndsWith("_total"));
  }
}

}  // namespace
}  // namespace verdict
