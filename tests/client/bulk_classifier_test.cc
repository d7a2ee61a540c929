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

  // Adds it with the next number.
  absl::Status Add(BulkClassifier* bulk, const std::string& text) {
    v1::Input input;
    input.set_text(text);
    return bulk->Add(++added_, input);
  }

  uint64_t added_ = 0;

  FakeClassifier service_;
  const Client client_ = *Client::Open({.server = service_.address()});
  std::vector<Outcome> outcomes_;
};

TEST_F(BulkClassifierTest, EveryTextHasOneOutcomeInItsOrder) {
  BulkClassifier bulk = Open({.texts_per_call = 7});
  for (int i = 1; i <= 100; ++i) {
    ASSERT_TRUE(Add(&bulk, absl::StrCat(i % 3 == 0 ? "bad " : "fine ", i)).ok());
  }
  ASSERT_TRUE(bulk.Drain().ok());
  ASSERT_THAT(outcomes_, SizeIs(100));
  for (int i = 1; i <= 100; ++i) {
    const Outcome& outcome = outcomes_[i - 1];
    EXPECT_EQ(outcome.number, i);
    EXPECT_EQ(outcome.input->text(), absl::StrCat(i % 3 == 0 ? "bad " : "fine ", i));
    ASSERT_TRUE(outcome.result.ok());
    EXPECT_EQ(outcome.result->label(), i % 3 == 0 ? "NEGATIVE" : "POSITIVE");
  }
}

TEST_F(BulkClassifierTest, CallsAreBoundedInTextsAndBytes) {
  BulkClassifier bulk = Open({.texts_per_call = 5, .bytes_per_call = 100});
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(Add(&bulk, std::string(i * 3 + 1, 'x')).ok());
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
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(Add(&bulk, "x").ok());
  ASSERT_TRUE(bulk.Drain().ok());
  EXPECT_LE(most, 2);
}

TEST_F(BulkClassifierTest, ARefusedTextIsAnOutcomeInTheServersWordsWithoutItsCount) {
  BulkClassifier bulk = Open();
  for (const char* text : {"fine", "", "bad"}) ASSERT_TRUE(Add(&bulk, text).ok());
  ASSERT_TRUE(bulk.Drain().ok());
  ASSERT_THAT(outcomes_, SizeIs(3));
  EXPECT_EQ(outcomes_[1].result.status(), absl::InvalidArgumentError("text is empty"));
  EXPECT_TRUE(outcomes_[2].result.ok());
}

TEST_F(BulkClassifierTest, AQueueThatStaysFullFailsTheTextsButNotTheRun) {
  service_.before = [](auto) { return grpc::Status(grpc::RESOURCE_EXHAUSTED, "full"); };
  BulkClassifier bulk = Open({.texts_per_call = 1});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Add(&bulk, "fine").ok());
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
  for (int i = 0; i < 10 && status.ok(); ++i) status = Add(&bulk, "fine");
  EXPECT_EQ(status, absl::UnavailableError("draining"));
  EXPECT_THAT(outcomes_, SizeIs(2));
}

TEST_F(BulkClassifierTest, OptionsGoWithEveryTextAndAPairWithItsOwn) {
  BulkOptions options;
  options.classify.set_top_k(2);
  BulkClassifier bulk = Open(options);
  v1::Input pair;
  pair.set_text("first");
  pair.set_text_pair("second");
  ASSERT_TRUE(bulk.Add(1, pair).ok());
  ASSERT_TRUE(Add(&bulk, "alone").ok());
  ASSERT_TRUE(bulk.Drain().ok());
  const std::vector<v1::ClassifyBatchRequest> batches = service_.batches();
  ASSERT_THAT(batches, SizeIs(1));
  EXPECT_EQ(batches[0].options().top_k(), 2);
  EXPECT_EQ(batches[0].inputs(0).text_pair(), "second");
  EXPECT_FALSE(batches[0].inputs(1).has_text_pair());
}

TEST_F(BulkClassifierTest, WhatIsNoTextKeepsItsPlaceAndIsNotSent) {
  BulkClassifier bulk = Open({.texts_per_call = 3});
  const absl::Status no_text = absl::InvalidArgumentError("no text");
  for (int i = 1; i <= 9; ++i) {
    // The second call has none at all.
    const bool is_text = i != 2 && (i < 4 || i > 6);
    v1::Input input;
    input.set_text(i == 3 ? "" : absl::StrCat("fine ", i));
    ASSERT_TRUE(bulk.Add(10 * i, is_text ? absl::StatusOr<v1::Input>(input) : no_text).ok());
  }
  ASSERT_TRUE(bulk.Drain().ok());
  ASSERT_THAT(outcomes_, SizeIs(9));
  for (int i = 1; i <= 9; ++i) EXPECT_EQ(outcomes_[i - 1].number, 10 * i);
  EXPECT_TRUE(outcomes_[0].result.ok());
  EXPECT_EQ(outcomes_[1].result.status(), no_text);
  EXPECT_FALSE(outcomes_[1].input.has_value());
  EXPECT_EQ(outcomes_[2].result.status(), absl::InvalidArgumentError("text is empty"));
  for (int i : {4, 5, 6}) EXPECT_EQ(outcomes_[i - 1].result.status(), no_text);
  EXPECT_EQ(outcomes_[6].input->text(), "fine 7");
  EXPECT_THAT(service_.batches(), SizeIs(2));
}

TEST_F(BulkClassifierTest, DrainingNothingIsDone) {
  BulkClassifier bulk = Open();
  EXPECT_TRUE(bulk.Drain().ok());
  EXPECT_THAT(service_.batches(), SizeIs(0));
}

}  // namespace
}  // namespace verdict
