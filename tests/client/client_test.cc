#include "client/client.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "client/error.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "latency/steady_clock.h"
#include "proto/status_details.h"
#include "tests/client/fake_classifier.h"

namespace verdict {
namespace {

// A port that nobody listens on: it was free a moment ago, and bound ports are not handed out twice
// in a row.
std::string NobodysAddress() { return FakeClassifier().address(); }

Client Open(const ClientOptions& options) {
  absl::StatusOr<Client> client = Client::Open(options);
  EXPECT_TRUE(client.ok()) << client.status();
  return *std::move(client);
}

v1::ClassifyRequest RequestFor(const std::string& text) {
  v1::ClassifyRequest request;
  request.mutable_input()->set_text(text);
  return request;
}

TEST(ClientTest, CallsEveryMethod) {
  FakeClassifier service;
  const Client client = Open({.server = service.address()});

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

// Has a FakeClassifier keep the deadline of its last call.
auto KeepDeadline(std::chrono::system_clock::time_point* deadline) {
  return [deadline](grpc::ServerContext* context) {
    *deadline = context->deadline();
    return grpc::Status::OK;
  };
}

TEST(ClientTest, ReturnsTheServersOwnStatus) {
  FakeClassifier service;
  service.before = [](auto) { return grpc::Status(grpc::RESOURCE_EXHAUSTED, "the queue is full"); };
  const auto response = Open({.server = service.address()}).Classify(RequestFor("x"));
  EXPECT_EQ(response.status(), absl::ResourceExhaustedError("the queue is full"));
}

TEST(ClientTest, EveryCallHasTheDeadlineOfTheOptions) {
  FakeClassifier service;
  std::chrono::system_clock::time_point deadline;
  service.before = KeepDeadline(&deadline);
  const absl::Time before = SteadyNow();
  ASSERT_TRUE(Open({.server = service.address(), .timeout = absl::Minutes(7)}).GetModel().ok());
  EXPECT_NEAR(absl::ToDoubleSeconds(SteadyTime(deadline) - before), 7 * 60, 30);

  ASSERT_TRUE(
      Open({.server = service.address(), .timeout = absl::InfiniteDuration()}).GetModel().ok());
  EXPECT_GT(SteadyTime(deadline), before + absl::Hours(24 * 365));
}

TEST(ClientTest, ACallsOwnTimeoutComesFirst) {
  FakeClassifier service;
  std::chrono::system_clock::time_point deadline;
  service.before = KeepDeadline(&deadline);
  const absl::Time before = SteadyNow();
  const Client client = Open({.server = service.address(), .timeout = absl::Minutes(7)});
  ASSERT_TRUE(client.GetModel(absl::Minutes(3)).ok());
  EXPECT_NEAR(absl::ToDoubleSeconds(SteadyTime(deadline) - before), 3 * 60, 30);
}

TEST(ClientTest, ASlowServerIsADeadlineExceeded) {
  FakeClassifier service;
  absl::Notification ended;
  service.before = [&ended](auto) {
    ended.WaitForNotification();
    return grpc::Status::OK;
  };
  const auto response =
      Open({.server = service.address(), .timeout = absl::Milliseconds(50)}).GetModel();
  EXPECT_TRUE(absl::IsDeadlineExceeded(response.status())) << response.status();
  ended.Notify();
}

TEST(ClientTest, WithoutAServerACallFailsAtOnce) {
  const Client client = Open({.server = NobodysAddress(), .timeout = absl::Minutes(5)});
  const absl::Time begin = SteadyNow();
  const auto response = client.Classify(RequestFor("x"));
  EXPECT_TRUE(absl::IsUnavailable(response.status())) << response.status();
  EXPECT_LT(SteadyNow() - begin, absl::Seconds(30));
}

TEST(ClientTest, WaitsForAServerWhenTold) {
  const Client client = Open(
      {.server = NobodysAddress(), .timeout = absl::Milliseconds(200), .wait_for_ready = true});
  const auto response = client.GetModel();
  EXPECT_TRUE(absl::IsDeadlineExceeded(response.status())) << response.status();
}

TEST(ClientTest, TriesAgainWhatALeavingServerDidNotAnswer) {
  FakeClassifier service;
  std::atomic<int> calls = 0;
  service.before = [&calls](auto) {
    return ++calls <= 2 ? grpc::Status(grpc::UNAVAILABLE, "draining") : grpc::Status::OK;
  };
  const auto response = Open({.server = service.address()}).GetModel();
  EXPECT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(calls, 3);
}

TEST(ClientTest, TriesNoMoreOftenThanTheOptionsSay) {
  FakeClassifier service;
  std::atomic<int> calls = 0;
  service.before = [&calls](auto) {
    return grpc::Status(grpc::UNAVAILABLE, absl::StrCat("draining ", ++calls));
  };
  for (const int attempts : {1, 2}) {
    calls = 0;
    const auto response = Open({.server = service.address(), .attempts = attempts}).GetModel();
    EXPECT_EQ(response.status(), absl::UnavailableError(absl::StrCat("draining ", attempts)));
  }
}

TEST(ClientTest, ABusyServerIsAskedAgainWhenItSaysSo) {
  FakeClassifier service;
  std::atomic<int> calls = 0;
  service.before = [&calls](grpc::ServerContext* context) {
    if (++calls > 1) return grpc::Status::OK;
    context->AddTrailingMetadata("grpc-retry-pushback-ms", "30");
    return grpc::Status(grpc::RESOURCE_EXHAUSTED, "the queue is full");
  };
  const absl::Time begin = SteadyNow();
  const auto response = Open({.server = service.address()}).GetModel();
  EXPECT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(calls, 2);
  EXPECT_GE(SteadyNow() - begin, absl::Milliseconds(30));
}

// What the server says of a call that it cannot do within its deadline even when idle.
TEST(ClientTest, DoNotRetryIsObeyedByOursAndByGrpcsOwnRetries) {
  FakeClassifier service;
  std::atomic<int> requests = 0;
  service.before = [&](grpc::ServerContext* context) {
    ++requests;
    context->AddTrailingMetadata("grpc-retry-pushback-ms", "-1");
    return grpc::Status(grpc::RESOURCE_EXHAUSTED, "the deadline is too short");
  };
  const Client client = Open({.server = service.address(), .attempts = 5});
  EXPECT_EQ(client.Classify(RequestFor("film")).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(requests, 1);

  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(R"({"methodConfig": [{"name": [{}], "retryPolicy": {
      "maxAttempts": 5, "initialBackoff": "0.001s", "maxBackoff": "0.001s",
      "backoffMultiplier": 1, "retryableStatusCodes": ["RESOURCE_EXHAUSTED"]}}]})");
  const auto stub = v1::Classifier::NewStub(
      grpc::CreateCustomChannel(service.address(), grpc::InsecureChannelCredentials(), arguments));
  const auto classify = [&stub] {
    grpc::ClientContext context;
    v1::ClassifyResponse response;
    return stub->Classify(&context, RequestFor("film"), &response).error_code();
  };
  EXPECT_EQ(classify(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(requests, 2);
}

TEST(ClientTest, AFailedCallHasTheServersDetails) {
  FakeClassifier service;
  service.before = [](grpc::ServerContext*) {
    absl::Status status = absl::InvalidArgumentError("input.text is empty");
    google::rpc::ErrorInfo info;
    info.set_reason("BAD_FIELD");
    SetDetail(info, &status);
    return ToGrpcStatus(status);
  };
  const Client client = Open({.server = service.address()});
  EXPECT_EQ(ToError(client.Classify(RequestFor("film")).status()).reason(), v1::BAD_FIELD);
}

TEST(ClientTest, CallsGoRoundAllServersThatServe) {
  FakeClassifier first, second;
  std::atomic<int> calls[2] = {0, 0};
  first.before = [&](auto) { return ++calls[0], grpc::Status::OK; };
  second.before = [&](auto) { return ++calls[1], grpc::Status::OK; };
  const Client client =
      Open({.server = absl::StrCat(first.address(), ",", second.address()), .attempts = 1});
  // The connections are made one after the other.
  while (calls[0] == 0 || calls[1] == 0) ASSERT_TRUE(client.GetModel().ok());
  calls[0] = calls[1] = 0;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(client.GetModel().ok());
  EXPECT_EQ(calls[0], 5);
  EXPECT_EQ(calls[1], 5);

  first.SetServing(false);
  // The news takes a moment. From then on nothing goes to the one that leaves.
  for (int before = -1; before != calls[0];) {
    before = calls[0];
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(client.GetModel().ok());
  }
  EXPECT_GT(calls[1], 5);
}

TEST(ClientTest, ThreadsShareAClient) {
  FakeClassifier service;
  const Client client = Open({.server = service.address()});
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
