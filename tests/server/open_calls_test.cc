#include "server/open_calls.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "absl/time/time.h"
#include "latency/steady_clock.h"

namespace verdict {
namespace {

constexpr absl::Duration kQuiet = absl::Milliseconds(20);

TEST(OpenCallsTest, ADrainRefusesAllFromThenOn) {
  OpenCalls calls;
  EXPECT_TRUE(calls.CheckOpen().ok());
  calls.Drain();
  EXPECT_EQ(calls.CheckOpen(), absl::UnavailableError("the server is draining"));
}

TEST(OpenCallsTest, AcceptedCallsAreWaitedFor) {
  OpenCalls calls;
  auto call = std::make_optional<OpenCalls::Place>(&calls);
  calls.Drain();
  calls.AwaitAccepted(SteadyNow());  // not for longer than asked
  std::thread waiting([&] { calls.AwaitAccepted(absl::InfiniteFuture()); });
  call.reset();
  waiting.join();
}

TEST(OpenCallsTest, RefusedCallsAreNotWaitedFor) {
  OpenCalls calls;
  calls.Drain();
  const OpenCalls::Place refused(&calls);
  calls.AwaitAccepted(absl::InfiniteFuture());
}

TEST(OpenCallsTest, ItIsQuietSomeTimeAfterTheLastCall) {
  OpenCalls calls;
  const absl::Time start = SteadyNow();
  calls.AwaitQuiet(kQuiet, absl::InfiniteFuture());
  EXPECT_GE(SteadyNow(), start + kQuiet);
  calls.AwaitQuiet(absl::Hours(1), SteadyNow());  // not for longer than asked
}

}  // namespace
}  // namespace verdict
