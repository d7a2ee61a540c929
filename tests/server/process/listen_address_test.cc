#include "server/process/listen_address.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

TEST(ListenAddressTest, IsAHostAndAPort) {
  const auto name = ParseListenAddress("localhost:8080");
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_EQ(name->host, "localhost");
  EXPECT_EQ(name->port, 8080);
  EXPECT_EQ(name->path, "");
  EXPECT_EQ(ParseListenAddress("127.0.0.1:0")->host, "127.0.0.1");
}

TEST(ListenAddressTest, Ipv6StandsInBrackets) {
  EXPECT_EQ(ParseListenAddress("[::1]:80")->host, "::1");
  EXPECT_EQ(ParseListenAddress("[::]:80")->host, "::");
}

TEST(ListenAddressTest, MayBeThePathOfAUnixSocket) {
  EXPECT_EQ(ParseListenAddress("unix:/run/verdict.sock")->path, "/run/verdict.sock");
  EXPECT_EQ(ParseListenAddress("unix:a:1")->path, "a:1");
}

TEST(ListenAddressTest, AnythingElseIsRefusedAndQuoted) {
  for (const std::string address :
       {"", ":", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536",
        "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:8080s", "127.0.0.1:1,127.0.0.1:2", "::1:8080",
        "[::1]", "[]:80", "[::1:80", "x/tmp/socket:1", "a b:80", "unix:"}) {
    const auto parsed = ParseListenAddress(address);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_THAT(std::string(parsed.status().message()),
                HasSubstr(absl::StrCat("found \"", address, "\"")));
  }
  EXPECT_FALSE(ParseListenAddress(absl::StrCat("unix:", std::string(108, 'x'))).ok());
}

}  // namespace
}  // namespace verdict
