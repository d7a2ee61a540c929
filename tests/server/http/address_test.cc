#include "server/http/address.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

TEST(HttpAddressTest, IsAHostAndAPort) {
  const auto name = ParseHttpAddress("localhost:8080");
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_EQ(name->host, "localhost");
  EXPECT_EQ(name->port, 8080);
  EXPECT_EQ(name->path, "");
  EXPECT_EQ(ParseHttpAddress("127.0.0.1:0")->host, "127.0.0.1");
}

TEST(HttpAddressTest, Ipv6StandsInBrackets) {
  EXPECT_EQ(ParseHttpAddress("[::1]:80")->host, "::1");
  EXPECT_EQ(ParseHttpAddress("[::]:80")->host, "::");
}

TEST(HttpAddressTest, MayBeThePathOfAUnixSocket) {
  EXPECT_EQ(ParseHttpAddress("unix:/run/verdict.sock")->path, "/run/verdict.sock");
  EXPECT_EQ(ParseHttpAddress("unix:a:1")->path, "a:1");
}

TEST(HttpAddressTest, AnythingElseIsRefusedAndQuoted) {
  for (const std::string address :
       {"", ":", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536",
        "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:8080s", "127.0.0.1:1,127.0.0.1:2", "::1:8080",
        "[::1]", "[]:80", "[::1:80", "x/tmp/socket:1", "a b:80", "unix:"}) {
    const auto parsed = ParseHttpAddress(address);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_THAT(std::string(parsed.status().message()),
                HasSubstr(absl::StrCat("found \"", address, "\"")));
  }
  EXPECT_FALSE(ParseHttpAddress(absl::StrCat("unix:", std::string(108, 'x'))).ok());
}

}  // namespace
}  // namespace verdict
