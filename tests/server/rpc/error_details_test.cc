// What a program can read of every call, text and message that fails.
#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/status_details.h"
#include "server/contract/error_reason.h"
#include "tests/server/fixtures/pending_call.h"
#include "tests/server/fixtures/raw_call.h"
#include "tests/server/fixtures/serving_fixture.h"
#include "tests/server/fixtures/stream_client.h"
#include "verdict/unchecked/v1/classifier.pb.h"

namespace verdict {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;

const std::string kService = "/verdict.v1.Classifier/";

// The reason in the trailers of a call, which is to have the domain of ours.
std::string Reason(const grpc::Status& status) {
  google::rpc::ErrorInfo info;
  if (!GetDetail(ToAbslStatus(status), &info)) return "no ErrorInfo";
  EXPECT_EQ(info.domain(), "verdict.v1");
  return info.reason();
}

std::string Field(const grpc::Status& status) {
  google::rpc::BadRequest bad;
  if (!GetDetail(ToAbslStatus(status), &bad) || bad.field_violations_size() != 1) return "none";
  EXPECT_EQ(bad.field_violations(0).description(), status.error_message());
  return bad.field_violations(0).field();
}

bool HasRetryInfo(const grpc::Status& status) {
  google::rpc::RetryInfo retry;
  return GetDetail(ToAbslStatus(status), &retry);
}

class ErrorDetailsTest : public ServingTest {
 protected:
  grpc::Status ClassifyOf(const std::string& text, const std::string& pair = "") {
    unchecked::v1::ClassifyRequest request;
    request.mutable_input()->set_text(text);
    if (!pair.empty()) request.mutable_input()->set_text_pair(pair);
    return RawCall(channel_, kService + "Classify", request.SerializeAsString());
  }
};

TEST_F(ErrorDetailsTest, ABadFieldHasItsPath) {
  grpc::Status status = ClassifyOf("");
  EXPECT_EQ(Reason(status), "BAD_FIELD");
  EXPECT_EQ(Field(status), "input.text");
  status = ClassifyOf("good", "\xFF");
  EXPECT_EQ(Reason(status), "BAD_FIELD");
  EXPECT_EQ(Field(status), "input.text_pair");
  status = ClassifyOf(std::string(1001, 'x'));
  EXPECT_EQ(Reason(status), "TEXT_TOO_LONG");
  EXPECT_EQ(Field(status), "input.text");
  EXPECT_FALSE(HasRetryInfo(status));

  v1::ClassifyRequest request = Request("good");
  request.mutable_options()->set_activation(static_cast<v1::Activation>(99));
  status = Classify(request);
  EXPECT_EQ(Reason(status), "BAD_FIELD");
  EXPECT_EQ(Field(status), "options.activation");
}

TEST_F(ErrorDetailsTest, TooManyTokensSaysHowManyAndWhatWouldTakeThem) {
  v1::ClassifyRequest request = Request("bad bad bad bad bad bad good good");
  request.mutable_options()->set_truncation(v1::ERROR);
  const grpc::Status status = Classify(request);
  EXPECT_EQ(Reason(status), "TOO_MANY_TOKENS");
  EXPECT_EQ(Field(status), "input");
  EXPECT_EQ(
      status.error_message(),
      "input has 10 tokens, special ones included; the limit is 8 (the model's "
      "max_position_embeddings): shorten it, or set options.truncation to RIGHT, LEFT or HEAD_TAIL "
      "(--truncation is the server's)");
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(GetDetail(ToAbslStatus(status), &info));
  EXPECT_THAT(info.metadata(), UnorderedElementsAre(Pair("option", "options.truncation"),
                                                    Pair("limit", "8"), Pair("found", "10")));
}

TEST_F(ErrorDetailsTest, AMalformedRequestHasTheReasonMalformedRequest) {
  for (const char* method : {"Classify", "ClassifyBatch", "Tokenize", "GetModel"}) {
    const grpc::Status status = RawCall(channel_, kService + method, "\xFF\xFF\xFF");
    EXPECT_EQ(Reason(status), "MALFORMED_REQUEST") << method;
    EXPECT_EQ(status.error_message(),
              absl::StrCat("the request is not a verdict.v1.", method,
                           "Request: encode it by proto/verdict/v1/classifier.proto"));
  }
}

TEST_F(ErrorDetailsTest, TextsOfABatchHaveReasons) {
  v1::ClassifyBatchRequest request;
  request.add_inputs()->set_text("good");
  request.add_inputs();
  request.add_inputs()->set_text(std::string(1001, 'x'));
  v1::ClassifyBatchResponse response;
  ASSERT_TRUE(ClassifyBatch(request, &response).ok());
  EXPECT_EQ(response.items(1).error().reason(), v1::BAD_FIELD);
  EXPECT_EQ(response.items(2).error().reason(), v1::TEXT_TOO_LONG);
  EXPECT_FALSE(response.items(2).error().has_retry_delay());
  for (int i = 0; i < 50; ++i) request.add_inputs();
  EXPECT_EQ(Reason(ClassifyBatch(request, &response)), "TOO_MANY_INPUTS");
  EXPECT_EQ(Field(ClassifyBatch({}, &response)), "inputs");
}

TEST_F(ErrorDetailsTest, MessagesOfAStreamHaveReasons) {
  StreamClient stream(*stub_);
  stream.Send(1, "");
  EXPECT_EQ(stream.Read().value_or(v1::ClassifyStreamResponse()).error().reason(), v1::BAD_FIELD);
  engine_.SetScript([](const Batch&) { return absl::InternalError("secret"); });
  stream.Send(2, "good");
  EXPECT_EQ(stream.Read().value_or(v1::ClassifyStreamResponse()).error().reason(),
            v1::SERVER_FAULT);
}

TEST_F(ErrorDetailsTest, ARefusalSaysWhenToTryAgain) {
  const auto all = admission_.Admit(100, 0);
  const PendingCall call(*stub_, Request("good"));
  call.done.WaitForNotification();
  EXPECT_EQ(Reason(call.status), "TOO_MUCH_IN_FLIGHT");
  EXPECT_TRUE(HasRetryInfo(call.status));
}

TEST_F(ErrorDetailsTest, AFullQueueSaysWhenToTryAgain) {
  engine_.Hold();
  StreamClient stream(*stub_);
  stream.Send(0, "good");
  engine_.AwaitRuns(1);
  std::vector<std::unique_ptr<PendingCall>> waiting;
  for (int i = 0; i < 13; ++i) {
    waiting.push_back(std::make_unique<PendingCall>(*stub_, Request("bad")));  // 39 of 40 tokens
  }
  while (!Exposes("verdict_queue_tokens 39")) {
  }
  const grpc::Status status = Classify(Request("bad"));
  EXPECT_EQ(Reason(status), "QUEUE_FULL");
  EXPECT_TRUE(HasRetryInfo(status));
  engine_.Release();
  for (const auto& call : waiting) call->done.WaitForNotification();
  v1::ClassifyBatchRequest batch;
  for (int i = 0; i < 14; ++i) batch.add_inputs()->set_text("good");  // 42 tokens
  v1::ClassifyBatchResponse response;
  EXPECT_EQ(Reason(ClassifyBatch(batch, &response)), "BATCH_TOO_LARGE");
}

// A server whose engine takes 10 s for the shortest text.
class SlowEngineTest : public ServingTest {
 protected:
  SlowEngineTest()
      : ServingTest({.max_batch_tokens = 64, .max_queue_tokens = 4000},
                    {.max_texts = 100, .max_bytes = 10'000'000},
                    {{.tokens = 3, .time = std::chrono::seconds(10)},
                     {.tokens = 64, .time = std::chrono::seconds(20)}}) {}
};

TEST_F(SlowEngineTest, WorkThatExceedsItsOwnDeadlineIsNotRetriedByGrpc) {
  engine_.Hold();
  const PendingCall first(*stub_, Request("good"));
  engine_.AwaitRuns(1);
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(R"({"methodConfig": [{"name": [{}], "retryPolicy": {
      "maxAttempts": 5, "initialBackoff": "0.001s", "maxBackoff": "0.001s",
      "backoffMultiplier": 1, "retryableStatusCodes": ["RESOURCE_EXHAUSTED"]}}]})");
  const auto retrying = v1::Classifier::NewStub(grpc::CreateCustomChannel(
      absl::StrCat("127.0.0.1:", port_), grpc::InsecureChannelCredentials(), arguments));
  for (int i = 0; i < 6; ++i) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    v1::ClassifyResponse response;
    const grpc::Status status = retrying->Classify(&context, Request("good"), &response);
    EXPECT_EQ(Reason(status), "DEADLINE_TOO_SHORT") << status.error_message();
    EXPECT_FALSE(HasRetryInfo(status));
  }
  EXPECT_TRUE(Exposes(absl::StrCat("grpc_server_started_total{", CallLabels("Classify"), "} 7")));
  engine_.Release();
  first.done.WaitForNotification();
}

TEST_F(ErrorDetailsTest, ADrainSendsToAnotherServerAtOnce) {
  open_calls_.Drain();
  const grpc::Status status = ClassifyOf("good");
  EXPECT_EQ(Reason(status), "DRAINING");
  EXPECT_TRUE(HasRetryInfo(status));
  StreamClient stream(*stub_);
  EXPECT_EQ(stream.Read(), std::nullopt);
  EXPECT_EQ(Reason(stream.Finish()), "DRAINING");
}

TEST_F(ErrorDetailsTest, AnEngineErrorIsAServerFault) {
  engine_.SetScript([](const Batch&) { return absl::InternalError("secret"); });
  const grpc::Status status = Classify(Request("good"));
  EXPECT_EQ(Reason(status), "SERVER_FAULT");
  EXPECT_FALSE(HasRetryInfo(status));
  ScriptLogits({0, 1});
}

}  // namespace
}  // namespace verdict
