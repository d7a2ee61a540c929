#include "client/client.h"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_classifier.h"

namespace verdict {
namespace {

// A port that nobody listens on: it was free a moment ago, and bound ports are not handed out twice
// in a row.
std::string NobodysAddress() { return FakeClassifier().address(); }

v1::ClassifyRequest RequestFor(const std::string& text) {
  v1::ClassifyRequest request;
  request.mutable_input()->set_text(text);
  return request;
}

TEST(ClientTest, CallsEveryMethod) {
  FakeClassifier service;
  const Client client({.server = service.address()});

  const auto classified = client.Classify(RequestFor("a bad film"));
  ASSERT_TRUE(classified.ok()) << classified.status();
  EXPECT_EQ(classified->label(), "NEGATIVE");

  v1::ClassifyBatchRequest batch;
  batch.add_inputs()->set_text("fine");
  batch.add_inputs()->set_text("");
  const auto items = client.ClassifyBatch(batch);
  ASSERT_TRUE(items.ok()) << items.status();
  EXPECT_EQ(items->items(0).result().label(), "POSITIVE");
  EXPECT_EQ(items->items(1).error().code(), grpc::INVALID_ARGUMENT);

  v1::TokenizeRequest text;
  text.mutable_input()->set_text("word");
  const auto tokens = client.Tokenize(text);
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  EXPECT_EQ(tokens->tokens(0).text(), "word");

  const auto model = client.GetModel();
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->name(), "fake");
}

TEST(ClientTest, ReturnsTheServersOwnStatus) {
  FakeClassifier service;
  service.before = [](auto) { return grpc::Status(grpc::RESOURCE_EXHAUSTED, "the queue is full"); };
  const auto response = Client({.server = service.address()}).Classify(RequestFor("x"));
  EXPECT_EQ(response.status(), absl::ResourceExhaustedError("the queue is full"));
}

TEST(ClientTest, EveryCallHasTheDeadlineOfTheOptions) {
  FakeClassifier service;
  std::chrono::system_clock::time_point deadline;
  service.before = [&deadline](grpc::ServerContext* context) {
    deadline = context->deadline();
    return grpc::Status::OK;
  };
  const absl::Time before = absl::Now();
  ASSERT_TRUE(Client({.server = service.address(), .timeout = absl::Minutes(7)}).GetModel().ok());
  EXPECT_NEAR(absl::ToDoubleSeconds(absl::FromChrono(deadline) - before), 7 * 60, 30);

  ASSERT_TRUE(
      Client({.server = service.address(), .timeout = absl::InfiniteDuration()}).GetModel().ok());
  EXPECT_GT(absl::FromChrono(deadline), before + absl::Hours(24 * 365));
}

TEST(ClientTest, ASlowServerIsADeadlineExceeded) {
  FakeClassifier service;
  absl::Notification ended;
  service.before = [&ended](auto) {
    ended.WaitForNotification();
    return grpc::Status::OK;
  };
  const auto response =
      Client({.server = service.address(), .timeout = absl::Milliseconds(50)}).GetModel();
  EXPECT_TRUE(absl::IsDeadlineExceeded(response.status())) << response.status();
  ended.Notify();
}

TEST(ClientTest, WithoutAServerACallFailsAtOnce) {
  const Client client({.server = NobodysAddress(), .timeout = absl::Minutes(5)});
  const absl::Time begin = absl::Now();
  const auto response = client.Classify(RequestFor("x"));
  EXPECT_TRUE(absl::IsUnavailable(response.status())) << response.status();
  EXPECT_LT(absl::Now() - begin, absl::Seconds(30));
}

TEST(ClientTest, WaitsForAServerWhenTold) {
  const Client client(
      {.server = NobodysAddress(), .timeout = absl::Milliseconds(200), .wait_for_ready = true});
  const auto response = client.GetModel();
  EXPECT_TRUE(absl::IsDeadlineExceeded(response.status())) << response.status();
}

TEST(ClientTest, ThreadsShareAClient) {
  FakeClassifier service;
  const Client client({.server = service.address()});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&client, i] {
      for (int j = 0; j < 25; ++j) {
        const auto response = client.Classify(RequestFor(i % 2 == 0 ? "bad" : "fine"));
        ASSERT_TRUE(response.ok()) << response.status();
        EXPECT_EQ(response->label(), i % 2 == 0 ? "NEGATIVE" : "POSITIVE");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace verdict
