// A call's trace, from its caller's traceparent to the spans and the journal.
#include <grpcpp/grpcpp.h>

#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "latency/steady_clock.h"
#include "tests/server/fixtures/pending_call.h"
#include "tests/server/fixtures/serving_fixture.h"
#include "tests/server/tracing/fake_collector.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {
namespace {

using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kTrace[] = "0af7651916cd43dd8448eb211c80319c";
constexpr char kParent[] = "b7ad6b7169203331";

std::string Traceparent(absl::string_view flags = "01") {
  return absl::StrCat("00-", kTrace, "-", kParent, "-", flags);
}

// The traceparent that a reply has; empty if it has none.
std::string Answered(const grpc::ClientContext& context) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find("traceparent");
  return found == trailers.end() ? "" : std::string(found->second.data(), found->second.size());
}

class FollowedCallsTest : public ServingTest {
 protected:
  explicit FollowedCallsTest(const TracingOptions& tracing = {})
      : ServingTest({.max_batch_tokens = 64, .max_queue_tokens = 1000},
                    {.max_texts = 1000, .max_bytes = 10'000'000}, {}, tracing) {}

  // What a Classify that brings `traceparent` is answered with.
  std::string Classified(const std::string& traceparent, const std::string& text = "good") {
    grpc::ClientContext context;
    if (!traceparent.empty()) context.AddMetadata("traceparent", traceparent);
    v1::ClassifyResponse response;
    stub_->Classify(&context, Request(text), &response);
    return Answered(context);
  }

  nlohmann::json Journal() { return nlohmann::json::parse(tracing_.journal().Json(SteadyNow())); }

  // The minute's slowest are full of what is slower than any call here.
  void FillJournal() {
    CallRecord record;
    record.total = absl::Hours(1);
    for (size_t i = 0; i < RecentCalls::kMost; ++i) tracing_.journal().Tell(record, SteadyNow());
  }
};

TEST_F(FollowedCallsTest, ACallersTraceIsContinuedAndAnswered) {
  FillJournal();
  for (const char* flags : {"00", "01"}) {
    const std::string answer = Classified(Traceparent(flags));
    EXPECT_THAT(answer, StartsWith(absl::StrCat("00-", kTrace, "-"))) << "another span of it";
    EXPECT_THAT(answer, Not(::testing::HasSubstr(kParent)));
    EXPECT_THAT(answer, EndsWith(flags)) << "whether it is recorded is the caller's to say";
  }
}

TEST_F(FollowedCallsTest, AWrongTraceparentIsIgnored) {
  FillJournal();
  EXPECT_EQ(Classified(absl::StrCat("ff-", kTrace, "-", kParent, "-01")), "");
  grpc::ClientContext context;
  context.AddMetadata("traceparent", Traceparent());
  context.AddMetadata("traceparent", Traceparent());
  v1::ClassifyResponse response;
  EXPECT_TRUE(stub_->Classify(&context, Request("good"), &response).ok());
  EXPECT_EQ(Answered(context), "") << "two are none";
}

TEST_F(FollowedCallsTest, ACallThatNobodyAsksForHasNoTrace) {
  FillJournal();
  EXPECT_EQ(Classified(""), "");
}

TEST_F(FollowedCallsTest, ACallThatFailsHasATraceInItsTrailersAndTheJournal) {
  FillJournal();
  ScriptLogits({std::numeric_limits<float>::quiet_NaN(), 0});
  const std::string answer = Classified("");
  EXPECT_THAT(answer, EndsWith("-00"));
  const nlohmann::json failed = Journal()["failed"];
  ASSERT_THAT(failed, SizeIs(1));
  EXPECT_EQ(failed[0]["code"], "Internal");
  EXPECT_EQ(failed[0]["trace_id"], answer.substr(3, 32));
  EXPECT_EQ(failed[0]["model"], "tiny");
  EXPECT_EQ(failed[0]["tokens"], 3);
  EXPECT_THAT(failed[0]["peer"].get<std::string>(), StartsWith("ipv4:127.0.0.1:"));
  EXPECT_GT(failed[0]["inference_seconds"], 0);
}

TEST_F(FollowedCallsTest, ACallersFaultIsNoFailure) {
  Classified("", /*text=*/"");
  EXPECT_THAT(Journal()["failed"], IsEmpty());
}

TEST_F(FollowedCallsTest, ATextOfABatchThatFailsIsInTheJournal) {
  ScriptLogits({std::numeric_limits<float>::quiet_NaN(), 0});
  v1::ClassifyBatchRequest request;
  for (const char* text : {"good", "", "film"}) request.add_inputs()->set_text(text);
  v1::ClassifyBatchResponse response;
  EXPECT_TRUE(ClassifyBatch(request, &response).ok());
  const nlohmann::json failed = Journal()["failed"];
  ASSERT_THAT(failed, SizeIs(1));
  EXPECT_EQ(failed[0]["method"], "ClassifyBatch");
  EXPECT_EQ(failed[0]["texts"], 3);
  EXPECT_EQ(failed[0]["failed_texts"], 2);
  EXPECT_EQ(failed[0]["text_code"], "Internal");
}

TEST_F(FollowedCallsTest, AMessageOfAStreamThatFailsIsInTheJournalAndTheStreamIsNot) {
  ScriptLogits({std::numeric_limits<float>::quiet_NaN(), 0});
  grpc::ClientContext context;
  context.AddMetadata("traceparent", Traceparent());
  const auto stream = stub_->ClassifyStream(&context);
  v1::ClassifyStreamRequest message;
  *message.mutable_request() = Request("good");
  ASSERT_TRUE(stream->Write(message));
  stream->WritesDone();
  v1::ClassifyStreamResponse reply;
  while (stream->Read(&reply)) {
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_THAT(Answered(context), StartsWith(absl::StrCat("00-", kTrace, "-")));
  const nlohmann::json journal = Journal();
  ASSERT_THAT(journal["failed"], SizeIs(1));
  EXPECT_EQ(journal["failed"][0]["method"], "ClassifyStream");
  EXPECT_EQ(journal["failed"][0]["trace_id"], kTrace);
  EXPECT_THAT(journal["slowest"], SizeIs(1));
}

TEST_F(FollowedCallsTest, NothingOfATextIsTold) {
  ScriptLogits({std::numeric_limits<float>::quiet_NaN(), 0});
  Classified("", "good secret film");
  EXPECT_FALSE(absl::StrContains(tracing_.journal().Json(SteadyNow()), "secret"));
}

class RecordedCallsTest : public FollowedCallsTest {
 protected:
  RecordedCallsTest() : RecordedCallsTest(std::make_unique<FakeCollector>()) {}

  explicit RecordedCallsTest(std::unique_ptr<FakeCollector> collector, double ratio = 1)
      : FollowedCallsTest({.collector = collector->address(), .ratio = ratio}),
        collector_(std::move(collector)) {}

  // The spans so far, by their names.
  std::multimap<std::string, nlohmann::json> Spans() {
    tracing_.Flush(absl::Seconds(30));
    std::multimap<std::string, nlohmann::json> spans;
    for (const nlohmann::json& span : collector_->AwaitSpans(0)) spans.emplace(span["name"], span);
    return spans;
  }

  const std::unique_ptr<FakeCollector> collector_;
};

TEST_F(RecordedCallsTest, ACallIsAChildOfItsCallersSpan) {
  const std::string answer = Classified(Traceparent());
  const auto spans = Spans();
  ASSERT_EQ(spans.count("verdict.v1.Classifier/Classify"), 1U);
  const nlohmann::json& call = spans.find("verdict.v1.Classifier/Classify")->second;
  EXPECT_EQ(call["traceId"], kTrace);
  EXPECT_EQ(call["parentSpanId"], kParent);
  EXPECT_EQ(call["spanId"], answer.substr(36, 16));
  for (const char* stage : {"tokenize", "queue", "inference"}) {
    ASSERT_EQ(spans.count(stage), 1U) << stage;
    EXPECT_EQ(spans.find(stage)->second["parentSpanId"], call["spanId"]) << stage;
  }
}

TEST_F(RecordedCallsTest, ATraceThatItsCallerDoesNotRecordIsNotRecorded) {
  Classified(Traceparent("00"));
  EXPECT_THAT(Spans(), IsEmpty());
}

TEST_F(RecordedCallsTest, ACallWithoutATraceBeginsOne) {
  const std::string answer = Classified("");
  EXPECT_THAT(answer, EndsWith("-01"));
  const auto spans = Spans();
  const auto call = spans.find("verdict.v1.Classifier/Classify");
  ASSERT_NE(call, spans.end());
  EXPECT_FALSE(call->second.contains("parentSpanId"));
  EXPECT_EQ(call->second["traceId"], answer.substr(3, 32));
}

TEST_F(RecordedCallsTest, ATextThatExpiresHasNoInference) {
  engine_.Hold();
  PendingCall first(*stub_, Request("good"));
  engine_.AwaitRuns(1);
  PendingCall late(*stub_, Request("film"), absl::Milliseconds(300));
  while (!Exposes("verdict_queue_texts 1")) std::this_thread::yield();  // not late on its way
  late.done.WaitForNotification();
  EXPECT_EQ(late.status.error_code(), grpc::DEADLINE_EXCEEDED);
  // By the server's clock, too.
  while (!Exposes("verdict_queue_texts 0")) std::this_thread::yield();
  engine_.Release();
  first.done.WaitForNotification();
  AwaitInFlight(0, 0);
  const auto spans = Spans();
  EXPECT_EQ(spans.count("verdict.v1.Classifier/Classify"), 2U);
  EXPECT_EQ(spans.count("queue"), 2U);
  EXPECT_EQ(spans.count("inference"), 1U);
}

TEST_F(RecordedCallsTest, TokenizeHasItsStage) {
  grpc::ClientContext context;
  v1::TokenizeRequest request;
  request.mutable_input()->set_text("good");
  v1::TokenizeResponse response;
  ASSERT_TRUE(stub_->Tokenize(&context, request, &response).ok());
  const auto spans = Spans();
  EXPECT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans.count("tokenize"), 1U);
}

class UnrecordedCallsTest : public RecordedCallsTest {
 protected:
  UnrecordedCallsTest() : RecordedCallsTest(std::make_unique<FakeCollector>(), /*ratio=*/0) {}
};

TEST_F(UnrecordedCallsTest, TheRatioIsForCallsWithoutATrace) {
  Classified("");
  EXPECT_THAT(Spans(), IsEmpty());
  Classified(Traceparent());
  EXPECT_THAT(Spans(), Not(IsEmpty()));
}

}  // namespace
}  // namespace verdict
