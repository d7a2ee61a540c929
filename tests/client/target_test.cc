#include "client/target.h"

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

std::string Target(const char* servers) {
  const absl::StatusOr<std::string> target = ToTarget(servers);
  return target.ok() ? *target : std::string(target.status().message());
}

TEST(TargetTest, ANameIsResolvedAndAddressesAreTaken) {
  EXPECT_EQ(Target("verdict.internal:50051"), "dns:verdict.internal:50051");
  EXPECT_EQ(Target("localhost:1"), "dns:localhost:1");
  EXPECT_EQ(Target("10.0.0.1:50051"), "ipv4:10.0.0.1:50051");
  EXPECT_EQ(Target("[::1]:50051"), "ipv6:[::1]:50051");
}

TEST(TargetTest, AListIsOfAddressesOfOneKind) {
  EXPECT_EQ(Target("10.0.0.1:1,10.0.0.2:2"), "ipv4:10.0.0.1:1,10.0.0.2:2");
  EXPECT_EQ(Target("10.0.0.1:1, 10.0.0.2:2"), "ipv4:10.0.0.1:1,10.0.0.2:2");
  EXPECT_EQ(Target("[::1]:1,[fe80::1]:2"), "ipv6:[::1]:1,[fe80::1]:2");
  EXPECT_THAT(Target("10.0.0.1:1,[::1]:2"), HasSubstr("addresses of one kind"));
  EXPECT_THAT(Target("10.0.0.1:1,two:2"), HasSubstr("a list with the name \"two:2\""));
  EXPECT_THAT(Target("one:1,two:2"), HasSubstr("a single name that stands for all"));
}

TEST(TargetTest, WhatGrpcCallsATargetStaysOne) {
  for (const char* target : {"dns:///verdict:50051", "ipv4:10.0.0.1:1", "unix:/run/verdict.sock"}) {
    EXPECT_EQ(Target(target), target);
  }
  EXPECT_EQ(Target("dns:53"), "dns:dns:53");
}

// gRPC would take port 443.
TEST(TargetTest, AServerHasAPort) {
  for (const char* wrong :
       {"", "localhost", "localhost:", "localhost:http", ":50051", "h:0", "h:65536", "::1",
        "::1:50051", "[::1]", "[x]:1", "10.0.0.1:1,", "https://host:443", "a b:1"}) {
    const absl::StatusOr<std::string> target = ToTarget(wrong);
    EXPECT_TRUE(absl::IsInvalidArgument(target.status())) << wrong;
    EXPECT_THAT(target.status().message(), HasSubstr("expected HOST:PORT")) << wrong;
  }
}

}  // namespace
}  // namespace verdict
