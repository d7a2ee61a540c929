#include "server/transport/goaway.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "latency/steady_clock.h"
#include "server/services/health.h"
#include "tests/server/fixtures/raw_call.h"

namespace verdict {
namespace {

// A server with nothing but health, and clients that are gRPC's own with its defaults.
class GoawayTest : public ::testing::Test {
 protected:
  GoawayTest() : service_(health_.MakeService()) {
    health_.Set(true);
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
  }

  ~GoawayTest() override { server_->Shutdown(std::chrono::system_clock::now()); }

  void SetUp() override {
    if (grpc::Version().rfind("1.51.", 0) != 0) GTEST_SKIP() << "gRPC " << grpc::Version();
  }

  std::shared_ptr<grpc::Channel> Connect() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port_),
                                     grpc::InsecureChannelCredentials(), arguments);
  }

  UnfinishedRequests unfinished_{4};
  class Health health_ {
    &unfinished_
  };  // the class: raw_call.h has a function of this name
  const std::unique_ptr<grpc::Service> service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// Debian 12 and 13 have this one. If its members were not found, every drain would lose calls of
// clients that do not watch health.
TEST_F(GoawayTest, Grpc151HasWhatItNeeds) { EXPECT_TRUE(Goaways(server_.get()).available()); }

TEST_F(GoawayTest, AnIdleClientLeavesItsConnection) {
  const Goaways goaways(server_.get());
  const auto channel = Connect();
  EXPECT_EQ(Health(channel, ""), "SERVING");
  EXPECT_TRUE(goaways.HasConnections());
  goaways.Send();
  EXPECT_TRUE(LookUntil([&] { return !goaways.HasConnections(); }, SteadyNow() + absl::Minutes(1)));
  EXPECT_EQ(Health(channel, ""), "SERVING");  // through another
}

// Each GOAWAY crosses calls on their way. None of them is retried: the clients have no policy.
TEST_F(GoawayTest, NoCallThatCrossesAGoawayIsLost) {
  const Goaways goaways(server_.get());
  std::atomic<int> calls = 0;
  std::atomic<bool> stopped = false;
  std::vector<std::thread> threads;
  const auto channel = Connect();
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (; !stopped; ++calls) EXPECT_EQ(Health(channel, ""), "SERVING");
    });
  }
  for (int round = 1; round <= 50; ++round) {
    while (calls < 20 * round) std::this_thread::yield();
    goaways.Send();
  }
  stopped = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace verdict
