#include "server/tracing/export/span_exporter.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "latency/steady_clock.h"
#include "tests/server/tracing/fake_collector.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Seconds(30);

EndedBatch ABatch(int64_t texts = 1) {
  const absl::Time now = SteadyNow();
  return {.span = {.trace = {1, 2}, .span = 3, .sampled = true},
          .start = now - absl::Milliseconds(5),
          .end = now,
          .texts = texts,
          .tokens = 9,
          .inferences = {{.trace = {4, 5}, .span = 6, .sampled = true}}};
}

class SpanExporterTest : public ::testing::Test {
 protected:
  bool Counts(const std::string& outcome, int64_t spans) const {
    return absl::StrContains(
        metrics_.Expose(),
        absl::StrCat("\nverdict_trace_spans_total{outcome=\"", outcome, "\"} ", spans, "\n"));
  }

  Metrics metrics_{ServedModel{}};
};

TEST_F(SpanExporterTest, SendsWhatOtlpSays) {
  FakeCollector collector;
  SpanExporter exporter(collector.address(), {{"service.name", "verdictd"}}, &metrics_);
  exporter.Add(ABatch());
  ASSERT_TRUE(exporter.Flush(kLong));
  const nlohmann::json span = collector.AwaitSpans(1)[0];
  EXPECT_EQ(span["traceId"], "00000000000000010000000000000002");
  EXPECT_EQ(span["spanId"], "0000000000000003");
  EXPECT_FALSE(span.contains("parentSpanId"));
  EXPECT_EQ(span["name"], "batch");
  EXPECT_EQ(span["kind"], 1);
  EXPECT_EQ(span["links"][0]["spanId"], "0000000000000006");
  EXPECT_EQ(span["attributes"][0],
            nlohmann::json::parse(R"({"key":"verdict.texts","value":{"intValue":"1"}})"));
  const int64_t start = std::stoll(span["startTimeUnixNano"].get<std::string>());
  const int64_t end = std::stoll(span["endTimeUnixNano"].get<std::string>());
  EXPECT_EQ(end - start, 5'000'000);
  EXPECT_LT(absl::AbsDuration(absl::Now() - absl::FromUnixNanos(end)), absl::Minutes(1));
  EXPECT_EQ(collector.resource()["attributes"][0],
            nlohmann::json::parse(R"({"key":"service.name","value":{"stringValue":"verdictd"}})"));
  EXPECT_TRUE(Counts("exported", 1));
}

TEST_F(SpanExporterTest, ManySpansAreSentInSeveralPosts) {
  FakeCollector collector;
  SpanExporter exporter(collector.address(), {}, &metrics_);
  for (size_t i = 0; i < SpanQueue::kMost; ++i) exporter.Add(ABatch());
  ASSERT_TRUE(exporter.Flush(kLong));
  EXPECT_EQ(collector.AwaitSpans(SpanQueue::kMost).size(), SpanQueue::kMost);
  EXPECT_TRUE(Counts("exported", SpanQueue::kMost));
  EXPECT_TRUE(Counts("dropped", 0));
}

TEST_F(SpanExporterTest, ACollectorThatNeverAnswersDelaysNobody) {
  FakeCollector collector(std::nullopt);
  SpanExporter exporter(collector.address(), {}, &metrics_);
  for (size_t i = 0; i < SpanExporter::kMostOfPost; ++i) exporter.Add(ABatch());
  collector.AwaitPost();  // and from now on the thread waits for the answer
  for (size_t i = 0; i < SpanQueue::kMost + 100; ++i) exporter.Add(ABatch());
  // What the first post left, if it was begun before all had come, takes room too.
  EXPECT_FALSE(Counts("dropped", 0));
  EXPECT_FALSE(exporter.Flush(absl::ZeroDuration()));
  // The destructor does not wait for the answer.
}

TEST_F(SpanExporterTest, WithoutACollectorSpansFail) {
  CollectorAddress nobody;
  {
    FakeCollector collector;
    nobody = collector.address();
  }
  SpanExporter exporter(nobody, {}, &metrics_);
  exporter.Add(ABatch());
  ASSERT_TRUE(exporter.Flush(kLong));
  EXPECT_TRUE(Counts("failed", 1));
  EXPECT_TRUE(Counts("exported", 0));
}

TEST_F(SpanExporterTest, ARefusalFailsAllAndAPartialOneThoseThatItCounts) {
  {
    FakeCollector collector(HttpResponse{.status = 503, .body = "busy"});
    SpanExporter exporter(collector.address(), {}, &metrics_);
    exporter.Add(ABatch());
    ASSERT_TRUE(exporter.Flush(kLong));
    EXPECT_TRUE(Counts("failed", 1));
  }
  FakeCollector collector(
      HttpResponse{.body = R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"no"}})"});
  SpanExporter exporter(collector.address(), {}, &metrics_);
  collector.AwaitSpans(0);
  for (int i = 0; i < 5; ++i) exporter.Add(ABatch());
  ASSERT_TRUE(exporter.Flush(kLong));
  EXPECT_TRUE(Counts("failed", 3));
  EXPECT_TRUE(Counts("exported", 3));
}

TEST(CollectorTest, AnEndpointIsAHostAndPerhapsAPortAndAPath) {
  const auto expect = [](const char* endpoint, const char* host, const char* port,
                         const char* path) {
    const auto address = ParseCollector(endpoint);
    ASSERT_TRUE(address.ok()) << endpoint;
    EXPECT_EQ(address->host, host) << endpoint;
    EXPECT_EQ(address->port, port) << endpoint;
    EXPECT_EQ(address->path, path) << endpoint;
  };
  expect("http://127.0.0.1:4318", "127.0.0.1", "4318", "/v1/traces");
  expect("http://collector", "collector", "4318", "/v1/traces");
  expect("http://collector:80/", "collector", "80", "/v1/traces");
  expect("http://collector:80/otlp/", "collector", "80", "/otlp/v1/traces");
  expect("http://[::1]:4318", "::1", "4318", "/v1/traces");
  expect("http://[::1]", "::1", "4318", "/v1/traces");
  for (const char* endpoint :
       {"", "collector:4318", "https://collector:4318", "http://", "http://:4318", "http://a:b",
        "http://a:0", "http://a:65536", "http://user@a:4318", "http://[::1:4318",
        "http://a:4318/x?y", "http://a b:4318"}) {
    EXPECT_FALSE(ParseCollector(endpoint).ok()) << endpoint;
  }
}

TEST(OtlpTest, AnAnswerMaySayHowManySpansItRefused) {
  EXPECT_EQ(OtlpRejected(""), 0U);
  EXPECT_EQ(OtlpRejected("{}"), 0U);
  EXPECT_EQ(OtlpRejected("no JSON"), 0U);
  EXPECT_EQ(OtlpRejected(R"({"partialSuccess":{}})"), 0U);
  EXPECT_EQ(OtlpRejected(R"({"partialSuccess":{"rejectedSpans":"12"}})"), 12U);
  EXPECT_EQ(OtlpRejected(R"({"partialSuccess":{"rejectedSpans":3}})"), 3U);
  EXPECT_EQ(OtlpRejected(R"({"partialSuccess":{"rejectedSpans":"many"}})"), 0U);
}

}  // namespace
}  // namespace verdict
