#include "server/batching/open_calls.h"

#include <gtest/gtest.h>

#include <optional>

#include "server/contract/error_reason.h"

namespace verdict {
namespace {

TEST(OpenCallsTest, ADrainRefusesAllFromThenOn) {
  OpenCalls calls;
  EXPECT_TRUE(calls.CheckOpen().ok());
  calls.Drain();
  EXPECT_EQ(calls.CheckOpen(), Draining());
}

TEST(OpenCallsTest, AcceptedCallsCountUntilTheyEnd) {
  OpenCalls calls;
  auto call = std::make_optional<OpenCalls::Place>(&calls);
  calls.Drain();
  EXPECT_EQ(calls.accepted(), 1);
  call.reset();
  EXPECT_EQ(calls.accepted(), 0);
}

TEST(OpenCallsTest, RefusedCallsHaveArrivedButAreNotAccepted) {
  OpenCalls calls;
  calls.Drain();
  const OpenCalls::Place refused(&calls);
  EXPECT_EQ(calls.accepted(), 0);
  EXPECT_EQ(calls.arrived(), 1);
}

}  // namespace
}  // namespace verdict
