// A verdictd that has run out of file descriptors, and gets them back.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <list>
#include <string>

#include "tests/server/fixtures/raw_call.h"
#include "tests/server/fixtures/tcp_connection.h"
#include "tests/server/fixtures/verdictd_process.h"

namespace verdict {
namespace {

// gRPC's own listener would not survive it.
TEST(DescriptorsTest, AServerThatRanOutOfDescriptorsAcceptsAgain) {
  VerdictdProcess verdictd({"--model=" VERDICT_SOURCE_DIR "/models/demo"});
  verdictd.AwaitServing();
  const rlimit limit = {.rlim_cur = 64, .rlim_max = 64};
  ASSERT_EQ(prlimit(verdictd.pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
  std::list<TcpConnection> connections;
  for (int i = 0; i < 100; ++i) connections.emplace_back(verdictd.grpc_port());
  const auto channel =
      grpc::CreateChannel(verdictd.grpc_address(), grpc::InsecureChannelCredentials());
  const auto connects_within = [&channel](std::chrono::milliseconds time) {
    return channel->WaitForConnected(std::chrono::system_clock::now() + time);
  };
  EXPECT_FALSE(connects_within(std::chrono::milliseconds(300)));
  connections.clear();
  EXPECT_TRUE(connects_within(std::chrono::seconds(10)));
  EXPECT_EQ(Health(channel, ""), "SERVING");
  verdictd.Signal(SIGTERM);
  EXPECT_EQ(verdictd.Wait(), 0);
  EXPECT_THAT(verdictd.log(), ::testing::HasSubstr("out of file descriptors"));
}

}  // namespace
}  // namespace verdict
