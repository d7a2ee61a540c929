#include "client/bulk_classifier.h"

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_classifier.h"

namespace verdict {
namespace {

using ::testing::SizeIs;

class BulkClassifierTest : public ::testing::Test {
 protected:
  BulkClassifier Open(const BulkOptions& options = {}) {
    return BulkClassifier(&client_, options,
                          [this](Outcome outcome) { outcomes_.push_back(std::move(outcome)); });
  }

  FakeClassifier service_;
  const Client client_ = *Client::Open({.server = service_.address()});
  std::vector<Outcome> outcomes_;
};

TEST_F(BulkClassifierTest, EveryTextHasOneOutcomeInItsOrder) {
  BulkClassifier bulk = Open({.texts_per_call = 7});
  for (int i = 1; i <= 100; ++i) {
    ASSERT_TRUE(bulk.Add(absl::StrCat(i % 3 == 0 ? "bad " : "fine ", i)).ok());
  }
  ASSERT_TRUE(bulk.Drain().ok());
  ASSERT_THAT(outcomes_, SizeIs(100));
  for (int i = 1; i <= 100; ++i) {
    const Outcome& outcome = outcomes_[i - 1];
    EXPECT_EQ(outcome.number, i);
    EXPECT_EQ(outcome.text, absl::StrCat(i % 3 == 0 ? "bad " : "fine ", i));
    ASSERT_TRUE(outcome.result.ok());
    EXPECT_EQ(outcome.result->label(), i % 3 == 0 ? "NEGATIVE" : "POSITIVE");
  }
}

TEST_F(BulkClassifierTest, CallsAreBoundedInTextsAndBytes) {
  BulkClassifier bulk = Open({.texts_per_call = 5, .bytes_per_call = 100});
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(bulk.Add(std::string(i * 3 + 1, 'x')).ok());
  ASSERT_TRUE(bulk.Drain().ok());
  for (const v1::ClassifyBatchRequest& batch : service_.batches()) {
    size_t bytes = 0;
    for (const v1::Input& input : batch.inputs()) bytes += input.text().size();
    EXPECT_LE(batch.inputs_size(), 5);
    EXPECT_TRUE(bytes <= 100 || batch.inputs_size() == 1) << bytes;
  }
  EXPECT_THAT(outcomes_, SizeIs(40));
}

TEST_F(BulkClassifierTest, NoMoreCallsAreUnderWayThanAllowed) {
  std::atomic<int> running = 0, most = 0;
  service_.before = [&](auto) {
    const int now = ++running;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    --running;
    return grpc::Status::OK;
  };
  BulkClassifier bulk = Open({.calls_in_flight = 2, .texts_per_call = 1});
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(bulk.Add("x").ok());
  ASSERT_TRUE(bulk.Drain().ok());
  EXPECT_LE(most, 2);
}

TEST_F(BulkClassifierTest, ARefusedTextIsAnOutcomeInTheServersWordsWithoutItsCount) {
  BulkClassifier bulk = Open();
  for (const char* text : {"fine", "", "bad"}) ASSERT_TRUE(bulk.Add(text).ok());
  ASSERT_TRUE(bulk.Drain().ok());
  ASSERT_THAT(outcomes_, SizeIs(3));
  EXPECT_EQ(outcomes_[1].result.status(), absl::InvalidArgumentError("text is empty"));
  EXPECT_TRUE(outcomes_[2].result.ok());
}

TEST_F(BulkClassifierTest, AQueueThatStaysFullFailsTheTextsButNotTheRun) {
  service_.before = [](auto) { return grpc::Status(grpc::RESOURCE_EXHAUSTED, "full"); };
  BulkClassifier bulk = Open({.texts_per_call = 1});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(bulk.Add("fine").ok());
  ASSERT_TRUE(bulk.Drain().ok());
  ASSERT_THAT(outcomes_, SizeIs(3));
  for (const Outcome& outcome : outcomes_) {
    EXPECT_EQ(outcome.result.status(), absl::ResourceExhaustedError("full"));
  }
}

TEST_F(BulkClassifierTest, AFailingServerEndsTheRunAfterWhatWasAnswered) {
  std::atomic<int> calls = 0;
  service_.before = [&](auto) {
    return ++calls > 2 ? grpc::Status(grpc::UNAVAILABLE, "draining") : grpc::Status::OK;
  };
  BulkClassifier bulk = Open({.calls_in_flight = 1, .texts_per_call = 1});
  absl::Status status;
  for (int i = 0; i < 10 && status.ok(); ++i) status = bulk.Add("fine");
  EXPECT_EQ(status, absl::UnavailableError("draining"));
  EXPECT_THAT(outcomes_, SizeIs(2));
}

TEST_F(BulkClassifierTest, OptionsAndThePairGoWithEveryText) {
  BulkOptions options;
  options.classify.set_top_k(2);
  options.text_pair = "second";
  BulkClassifier bulk = Open(options);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(bulk.Add("first").ok());
  ASSERT_TRUE(bulk.Drain().ok());
  const std::vector<v1::ClassifyBatchRequest> batches = service_.batches();
  ASSERT_THAT(batches, SizeIs(1));
  EXPECT_EQ(batches[0].options().top_k(), 2);
  for (const v1::Input& input : batches[0].inputs()) {
    EXPECT_EQ(input.text_pair(), "second");
  }
}

TEST_F(BulkClassifierTest, DrainingNothingIsDone) {
  BulkClassifier bulk = Open();
  EXPECT_TRUE(bulk.Drain().ok());
  EXPECT_THAT(service_.batches(), SizeIs(0));
}

}  // namespace
}  // namespace verdict
