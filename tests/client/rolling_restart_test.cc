// No call may fail because a server of two is replaced, or dies.
#include <grpcpp/grpcpp.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "client/client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/rolling_servers.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {
namespace {

using ::testing::IsEmpty;

constexpr int kThreads = 8;
constexpr int kRestarts = 20;
constexpr int kCalls = 10'000;

v1::ClassifyRequest Request() {
  v1::ClassifyRequest request;
  request.mutable_input()->set_text("a warm , funny and deeply human film");
  return request;
}

// Replaces the two servers in turn, under a load of `call`s.
void RestartUnder(RollingServers* servers, int signal, const std::function<absl::Status()>& call) {
  const SteadyLoad load(kThreads, call);
  load.AwaitCalls(kThreads);
  for (int i = 0; i < kRestarts; ++i) {
    const int ended = servers->Restart(i % 2, signal);
    EXPECT_EQ(ended, signal == SIGKILL ? -SIGKILL : 0);
    ASSERT_TRUE(servers->AwaitCalls(i % 2)) << "the client does not come back";
  }
  load.AwaitCalls(kCalls);
  EXPECT_THAT(load.failures(), IsEmpty());
  ::testing::Test::RecordProperty("calls", load.calls());
}

void RestartUnderClient(int signal) {
  RollingServers servers;
  const absl::StatusOr<Client> client = Client::Open({.server = servers.addresses()});
  ASSERT_TRUE(client.ok()) << client.status();
  RestartUnder(&servers, signal,
               [&client, request = Request()] { return client->Classify(request).status(); });
}

// A client of gRPC's own, as others have it in their language, with client/service_config.json.
void RestartUnderServiceConfig(int signal) {
  std::ostringstream service_config;
  service_config << std::ifstream(VERDICT_SOURCE_DIR "/client/service_config.json").rdbuf();
  RollingServers servers;
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(service_config.str());
  const auto stub = v1::Classifier::NewStub(grpc::CreateCustomChannel(
      "ipv4:" + servers.addresses(), grpc::InsecureChannelCredentials(), arguments));
  RestartUnder(&servers, signal, [&stub, request = Request()] {
    grpc::ClientContext context;
    v1::ClassifyResponse response;
    const grpc::Status status = stub->Classify(&context, request, &response);
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  });
}

// gRPC's defaults: pick_first, no health checks, no retries. GOAWAY alone tells such a client.
TEST(RollingRestartTest, NoCallOfAStockClientFailsWhileServersAreReplaced) {
  RollingServers servers;
  const auto stub = v1::Classifier::NewStub(
      grpc::CreateChannel("ipv4:" + servers.addresses(), grpc::InsecureChannelCredentials()));
  const SteadyLoad load(kThreads, [&stub, request = Request()] {
    grpc::ClientContext context;
    v1::ClassifyResponse response;
    const grpc::Status status = stub->Classify(&context, request, &response);
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  });
  load.AwaitCalls(kThreads);
  for (int i = 0; i < kRestarts; ++i) {
    EXPECT_EQ(servers.Restart(i % 2, SIGTERM), 0);
    ASSERT_TRUE(servers.AwaitCalls((i + 1) % 2)) << "the client is not with the other one";
  }
  EXPECT_THAT(load.failures(), IsEmpty());
}

TEST(RollingRestartTest, NoCallOfTheClientFailsWhileServersAreReplaced) {
  RestartUnderClient(SIGTERM);
}

TEST(RollingRestartTest, NoCallOfTheClientFailsWhileServersAreKilled) {
  RestartUnderClient(SIGKILL);
}

TEST(RollingRestartTest, NoCallFailsWithTheServiceConfigWhileServersAreReplaced) {
  RestartUnderServiceConfig(SIGTERM);
}

TEST(RollingRestartTest, NoCallFailsWithTheServiceConfigWhileServersAreKilled) {
  RestartUnderServiceConfig(SIGKILL);
}

}  // namespace
}  // namespace verdict
