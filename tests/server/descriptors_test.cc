// A verdictd that has run out of file descriptors, and gets them back.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <list>
#include <string>

#include "absl/time/time.h"
#include "latency/steady_clock.h"
#include "tests/server/raw_call.h"
#include "tests/server/tcp_connection.h"
#include "tests/server/verdictd_process.h"

namespace verdict {
namespace {

// gRPC's listener does not survive it, and nothing but the end of the process brings it back. That
// it has not accepted for some time before we release must not make the end come later.
TEST(DescriptorsTest, AfterThemItAcceptsOrEndsWithinFifteenSeconds) {
  VerdictdProcess verdictd({"--model=" VERDICT_SOURCE_DIR "/models/demo"});
  verdictd.AwaitServing();
  const rlimit limit = {.rlim_cur = 64, .rlim_max = 64};
  ASSERT_EQ(prlimit(verdictd.pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
  std::list<TcpConnection> connections;
  for (int i = 0; i < 100; ++i) connections.emplace_back(verdictd.grpc_port());
  // The last one that was accepted has its settings; nobody accepted the one after it.
  EXPECT_EQ(connections.front().Read(9).size(), 9U);
  connections.clear();
  const absl::Time released = SteadyNow();
  EXPECT_EQ(verdictd.Wait(), 3) << verdictd.log();
  EXPECT_LT(SteadyNow() - released, absl::Seconds(15));
  EXPECT_THAT(verdictd.log(), ::testing::HasSubstr("the gRPC port does not accept any more"));
}

}  // namespace
}  // namespace verdict
