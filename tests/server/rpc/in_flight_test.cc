// What calls hold while they are in flight, and what happens beyond the limits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/server/fixtures/pending_call.h"
#include "tests/server/fixtures/serving_fixture.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

// The fixture's server takes 100 texts and 10,000,000 bytes.
class InFlightTest : public ServingTest {
 protected:
  // The engine is busy with "good" until Release; what comes now waits.
  std::unique_ptr<PendingCall> HoldEngine() {
    engine_.Hold();
    auto call = std::make_unique<PendingCall>(*stub_, Request("good"));
    engine_.AwaitRuns(1);
    return call;
  }

  // Leaves less room for others.
  std::vector<Admission::Ticket> Occupy(int64_t texts, int64_t bytes) {
    std::vector<Admission::Ticket> tickets;
    tickets.push_back(admission_.Admit(texts, bytes).value());
    return tickets;
  }

  static v1::ClassifyBatchRequest BatchOf(int texts) {
    v1::ClassifyBatchRequest request;
    for (int i = 0; i < texts; ++i) request.add_inputs()->set_text("good");
    return request;
  }
};

TEST_F(InFlightTest, ACallHoldsItsTextAndBytesUntilItIsDone) {
  const auto held = HoldEngine();
  EXPECT_TRUE(Exposes("verdict_in_flight_texts 1"));
  EXPECT_TRUE(Exposes(
      absl::StrCat("verdict_in_flight_bytes ", Request("good").SerializeAsString().size())));
  engine_.Release();
  held->done.WaitForNotification();
  AwaitInFlight(0, 0);
}

TEST_F(InFlightTest, BeyondTheLimitIsResourceExhaustedWithPushback) {
  const auto most = Occupy(100, 0);
  const PendingCall call(*stub_, Request("good"));
  call.done.WaitForNotification();
  EXPECT_EQ(call.status.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_THAT(call.status.error_message(), HasSubstr("--max-texts-in-flight allows 100"));
  EXPECT_EQ(call.context.GetServerTrailingMetadata().count("grpc-retry-pushback-ms"), 1U);
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"in_flight\"} 1"));

  v1::TokenizeRequest tokenize;
  tokenize.mutable_input()->set_text("good");
  v1::TokenizeResponse response;
  grpc::ClientContext context;
  EXPECT_EQ(stub_->Tokenize(&context, tokenize, &response).error_code(), grpc::RESOURCE_EXHAUSTED);
}

TEST_F(InFlightTest, GetModelIsAlwaysTaken) {
  const auto most = Occupy(100, 10'000'000);
  grpc::ClientContext context;
  v1::GetModelResponse response;
  EXPECT_TRUE(stub_->GetModel(&context, {}, &response).ok());
}

TEST_F(InFlightTest, ABatchHoldsAsManyTextsAsItHas) {
  auto some = Occupy(91, 0);
  v1::ClassifyBatchResponse response;
  const grpc::Status status = ClassifyBatch(BatchOf(10), &response);
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("9 more texts do not fit"));
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"in_flight\"} 10"));
  AwaitInFlight(91, 0);
  EXPECT_TRUE(ClassifyBatch(BatchOf(9), &response).ok());
  some.clear();
  AwaitInFlight(0, 0);
}

TEST_F(InFlightTest, ATokenizeReplyCountsAsWhatItIs) {
  v1::TokenizeRequest request;
  for (int i = 0; i < 300; ++i) request.mutable_input()->mutable_text()->append("?!");
  const auto most = Occupy(0, 10'000'000 - 2000);
  v1::TokenizeResponse response;
  grpc::ClientContext context;
  const grpc::Status status = stub_->Tokenize(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("--max-bytes-in-flight"));
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"in_flight\"} 1"));
}

TEST_F(InFlightTest, WhateverCallsEndWithTheyGiveAllBack) {
  ASSERT_TRUE(Classify(Request("good")).ok());
  EXPECT_EQ(Classify(Request("")).error_code(), grpc::INVALID_ARGUMENT);
  engine_.SetScript([](const Batch&) { return absl::InternalError("no"); });
  EXPECT_EQ(Classify(Request("good")).error_code(), grpc::INTERNAL);
  v1::ClassifyBatchResponse response;
  EXPECT_EQ(ClassifyBatch(BatchOf(21), &response).error_code(), grpc::INVALID_ARGUMENT);
  batcher_.Drain(absl::InfiniteFuture());
  EXPECT_EQ(Classify(Request("good")).error_code(), grpc::UNAVAILABLE);
  AwaitInFlight(0, 0);
}

}  // namespace
}  // namespace verdict
