#include "client/cli/connection_notice.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/channel.h"
#include "client/client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_classifier.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A port that takes connections and never says a word.
class MuteServer {
 public:
  MuteServer() {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(socket_, any, size), 0);
    EXPECT_EQ(listen(socket_, 8), 0);
    EXPECT_EQ(getsockname(socket_, any, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~MuteServer() { close(socket_); }

  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

 private:
  const int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port_ = 0;
};

class ConnectionNoticeTest : public ::testing::Test {
 protected:
  ~ConnectionNoticeTest() override { std::free(text_); }

  // What is said of one call.
  std::string SaidOf(const ClientOptions& connection,
                     absl::Duration patience = absl::InfiniteDuration()) {
    std::FILE* const stream = open_memstream(&text_, &size_);
    const absl::StatusOr<Client> client = Client::Open(connection);
    EXPECT_TRUE(client.ok()) << client.status();
    {
      const ConnectionNotice notice(
          {.connection = connection, .stream = stream, .patience = patience}, client->channel());
      (void)client->GetModel();
    }
    std::fclose(stream);
    return std::string(text_, size_);
  }

  char* text_ = nullptr;
  size_t size_ = 0;
};

TEST_F(ConnectionNoticeTest, ARefusedConnectionIsToldWithWhatIsTriedNext) {
  EXPECT_EQ(SaidOf({.server = "127.0.0.1:1", .timeout = absl::Seconds(9), .attempts = 5}),
            "verdict: 127.0.0.1:1: connection refused; trying again, 5 times at most within 9s "
            "(--attempts, --timeout)\n");
}

TEST_F(ConnectionNoticeTest, WhoWaitsIsToldWhyAndHowLong) {
  EXPECT_EQ(
      SaidOf({.server = "127.0.0.1:1", .timeout = absl::Milliseconds(500), .wait_for_ready = true},
             absl::Seconds(1)),
      "verdict: 127.0.0.1:1: connection refused; waiting for it until 500ms have passed "
      "(--wait, --timeout)\n");
}

TEST_F(ConnectionNoticeTest, WhereNoAttemptEndsItIsToldThatThereIsNoConnection) {
  const MuteServer server;
  EXPECT_THAT(SaidOf({.server = server.address(), .timeout = absl::Milliseconds(500)},
                     absl::Milliseconds(50)),
              HasSubstr(": no connection yet; trying again"));
}

TEST_F(ConnectionNoticeTest, AConnectionOrALastFailureIsNoNews) {
  const FakeClassifier service;
  EXPECT_EQ(SaidOf({.server = service.address()}), "");
  EXPECT_EQ(SaidOf({.server = "127.0.0.1:1", .attempts = 1}), "");
}

TEST(ConnectionFaultTest, IsTheEndOfWhatGrpcSays) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"connections to all backends failing; last error: UNKNOWN: ipv4:127.0.0.1:1: Failed to "
       "connect to remote host: Connection refused",
       "connection refused"},
      {"failed to connect to all addresses; last error: UNAVAILABLE: ipv6:[::1]:80: Failed parsing "
       "HTTP/2",
       "failed parsing HTTP/2"},
      {"connections to all backends failing; last error: UNKNOWN: unix:/nope: No such file or "
       "directory",
       "no such file or directory"},
      {"DNS resolution failed for nosuch.invalid:50051: C-ares status is not ARES_SUCCESS "
       "qtype=AAAA name=nosuch.invalid is_balancer=0: Domain name not found",
       "the name is not resolved: domain name not found"},
      {"something else: entirely", "something else: entirely"},
      {"", ""},
      {"last error: x", "x"},
  };
  for (const auto& [message, fault] : cases) EXPECT_EQ(ConnectionFault(message), fault);
}

}  // namespace
}  // namespace verdict
