// How a real verdictd begins and ends.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "latency/steady_clock.h"
#include "tests/server/fixtures/http_get.h"
#include "tests/server/fixtures/raw_call.h"
#include "tests/server/fixtures/verdictd_process.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kDemoModel = "--model=" VERDICT_SOURCE_DIR "/models/demo";

std::shared_ptr<grpc::Channel> Connect(const VerdictdProcess& verdictd) {
  return grpc::CreateChannel(verdictd.grpc_address(), grpc::InsecureChannelCredentials());
}

grpc::Status Classify(v1::Classifier::Stub& stub, v1::ClassifyResponse* response) {
  v1::ClassifyRequest request;
  request.mutable_input()->set_text("a warm , funny and deeply human film");
  grpc::ClientContext context;
  return stub.Classify(&context, request, response);
}

TEST(LifecycleTest, AnswersOnceItSaysThatItServes) {
  VerdictdProcess verdictd({kDemoModel});
  verdictd.AwaitServing();
  const auto channel = Connect(verdictd);
  EXPECT_EQ(Health(channel, ""), "SERVING");
  EXPECT_THAT(HttpGet(verdictd.http_port(), "/readyz"), HasSubstr(" 200 "));
  v1::ClassifyResponse response;
  const grpc::Status status = Classify(*v1::Classifier::NewStub(channel), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.label(), "POSITIVE");
}

TEST(LifecycleTest, SigtermEndsAnIdleServerWithStatusZero) {
  for (const int signal : {SIGTERM, SIGINT}) {
    VerdictdProcess verdictd({kDemoModel});
    verdictd.AwaitServing();
    // A client that watches for ever must not keep it.
    const auto watch = WatchHealth(Connect(verdictd));
    EXPECT_EQ(watch->Read(), "\x08\x01");
    verdictd.Signal(signal);
    EXPECT_EQ(watch->Read(), "\x08\x02");
    EXPECT_EQ(verdictd.Wait(), 0) << verdictd.log();
  }
}

// Every call that reaches the server is answered. What fails was not sent: the client has left, as
// it was asked to, and nobody listens any more.
TEST(LifecycleTest, SigtermUnderLoadAnswersEveryAcceptedCall) {
  constexpr int kThreads = 8;
  VerdictdProcess verdictd({kDemoModel, "--threads=1"});
  verdictd.AwaitServing();
  const auto channel = Connect(verdictd);
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      const auto stub = v1::Classifier::NewStub(channel);
      while (true) {
        v1::ClassifyResponse response;
        const grpc::Status status = Classify(*stub, &response);
        if (status.ok()) {
          EXPECT_EQ(response.label(), "POSITIVE");
          ++answered;
          continue;
        }
        EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
        EXPECT_THAT(status.error_message(), HasSubstr("Failed to connect"));
        return;
      }
    });
  }
  while (answered < 200) std::this_thread::yield();
  verdictd.Signal(SIGTERM);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(verdictd.Wait(), 0) << verdictd.log();
  EXPECT_THAT(verdictd.log(), HasSubstr("unfinished_texts=0"));
}

// Clients that call whatever they are told, and one that watches, cannot hold it up; and all of
// them learn that it is unavailable.
TEST(LifecycleTest, CallersThatNeverStopGetUnavailableAndTheEndComesInTime) {
  VerdictdProcess verdictd({kDemoModel, "--drain-timeout=500ms"});
  verdictd.AwaitServing();
  const auto watch = WatchHealth(Connect(verdictd));
  EXPECT_EQ(watch->Read(), "\x08\x01");
  std::atomic<int> answered = 0;
  std::atomic<bool> ended = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto stub = v1::Classifier::NewStub(Connect(verdictd));
      while (!ended) {
        v1::ClassifyResponse response;
        const grpc::Status status = Classify(*stub, &response);
        if (status.ok()) {
          ++answered;
        } else {
          EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE) << status.error_message();
        }
      }
    });
  }
  while (answered < 100) std::this_thread::yield();
  const absl::Time start = SteadyNow();
  verdictd.Signal(SIGTERM);
  EXPECT_EQ(verdictd.Wait(), 0) << verdictd.log();
  EXPECT_LT(SteadyNow() - start, absl::Seconds(1.5));
  ended = true;
  for (std::thread& thread : threads) thread.join();
}

TEST(LifecycleTest, CallsAreTakenInTheDelayOfADrainAndASecondSignalEndsItAtOnce) {
  VerdictdProcess verdictd({kDemoModel, "--drain-delay=1h"});
  verdictd.AwaitServing();
  const auto channel = Connect(verdictd);
  const auto watch = WatchHealth(channel);
  EXPECT_EQ(watch->Read(), "\x08\x01");
  verdictd.Signal(SIGTERM);
  EXPECT_EQ(watch->Read(), "\x08\x02");
  EXPECT_THAT(HttpGet(verdictd.http_port(), "/readyz"), HasSubstr(" 503 "));
  v1::ClassifyResponse response;
  EXPECT_TRUE(Classify(*v1::Classifier::NewStub(channel), &response).ok());
  verdictd.Signal(SIGTERM);
  // By a handler: the default action does not reach the first process of a container.
  EXPECT_EQ(verdictd.Wait(), 128 + SIGTERM);
}

// A token that the file has, and nobody else's; whoever asks for health needs none.
TEST(LifecycleTest, TokensAreAskedForAndHealthIsOpen) {
  const std::string path = ::testing::TempDir() + "lifecycle_tokens";
  std::ofstream(path) << "right-0123456789abcdef\n";
  VerdictdProcess verdictd({kDemoModel, "--auth-token-file=" + path});
  verdictd.AwaitServing();
  const auto channel = Connect(verdictd);
  EXPECT_EQ(Health(channel, ""), "SERVING");
  const auto stub = v1::Classifier::NewStub(channel);
  const auto get_model = [&](const std::string& authorization) {
    grpc::ClientContext context;
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    v1::GetModelResponse response;
    return stub->GetModel(&context, {}, &response).error_code();
  };
  EXPECT_EQ(get_model("Bearer right-0123456789abcdef"), grpc::OK);
  EXPECT_EQ(get_model("Bearer wrong-0123456789abcdef"), grpc::UNAUTHENTICATED);
  EXPECT_EQ(get_model(""), grpc::UNAUTHENTICATED);
  v1::ClassifyResponse response;
  EXPECT_EQ(Classify(*stub, &response).error_code(), grpc::UNAUTHENTICATED);
}

// Within two seconds: the file is looked at once a second, and so is a stream's token.
TEST(LifecycleTest, AStreamEndsWhenItsTokenIsTakenBack) {
  const std::string path = ::testing::TempDir() + "lifecycle_revoked_tokens";
  std::ofstream(path) << "first-0123456789abcdef\n";
  VerdictdProcess verdictd({kDemoModel, "--auth-token-file=" + path});
  verdictd.AwaitServing();
  const auto stub = v1::Classifier::NewStub(Connect(verdictd));
  grpc::ClientContext context;
  context.set_deadline(WallTime(SteadyNow() + absl::Seconds(30)));
  context.AddMetadata("authorization", "Bearer first-0123456789abcdef");
  const auto stream = stub->ClassifyStream(&context);
  v1::ClassifyStreamRequest request;
  request.mutable_request()->mutable_input()->set_text("good");
  v1::ClassifyStreamResponse response;
  ASSERT_TRUE(stream->Write(request) && stream->Read(&response));
  std::ofstream(path) << "second-0123456789abcdef\n";
  while (stream->Write(request) && stream->Read(&response)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::UNAUTHENTICATED);
}

TEST(LifecycleTest, ABusyPortEndsTheSecondServer) {
  VerdictdProcess first({kDemoModel});
  first.AwaitServing();
  const std::string http_address = absl::StrCat("127.0.0.1:", first.http_port());
  VerdictdProcess grpc_busy({kDemoModel, "--grpc-address=" + first.grpc_address()});
  EXPECT_EQ(grpc_busy.Wait(), 1);
  EXPECT_THAT(grpc_busy.log(),
              HasSubstr("cannot listen on --grpc-address " + first.grpc_address()));
  VerdictdProcess http_busy({kDemoModel, "--http-address=" + http_address});
  EXPECT_EQ(http_busy.Wait(), 1);
  EXPECT_THAT(http_busy.log(), HasSubstr(http_address));
}

TEST(LifecycleTest, ABadOptionEndsItWithStatusTwo) {
  VerdictdProcess verdictd({kDemoModel, "--threads=many"});
  EXPECT_EQ(verdictd.Wait(), 2);
  EXPECT_EQ(verdictd.log(), "verdictd: --threads is \"many\"; expected a number from 0 to 1024\n");
  VerdictdProcess url({kDemoModel, "--http-address=http://0.0.0.0:8080"});
  EXPECT_EQ(url.Wait(), 2);
}

TEST(LifecycleTest, ABadModelEndsItWithStatusOneBeforeAnyPortOpens) {
  VerdictdProcess verdictd({"--model=" VERDICT_SOURCE_DIR "/proto"});
  EXPECT_EQ(verdictd.Wait(), 1);
  EXPECT_THAT(verdictd.log(), HasSubstr("config.json"));
  EXPECT_THAT(verdictd.log(), Not(HasSubstr("serving")));
}

}  // namespace
}  // namespace verdict
