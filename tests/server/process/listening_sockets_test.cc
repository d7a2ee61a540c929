#include "server/process/listening_sockets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/server/fixtures/localhost.h"

namespace verdict {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

bool Connects(const sockaddr* address, socklen_t size) {
  const int client = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = connect(client, address, size) == 0;
  close(client);
  return connected;
}

bool ConnectsToPort(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return Connects(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

bool ConnectsToPath(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return Connects(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

absl::StatusOr<ListeningSockets> Open(const std::vector<std::string>& addresses) {
  return ListeningSockets::Open("--grpc-address", addresses);
}

std::string SocketPath(const std::string& name) {
  return absl::StrCat(::testing::TempDir(), "/", getpid(), name);
}

TEST(ListeningSocketsTest, SeveralAddressesAreListenedOn) {
  const std::string path = SocketPath("several.sock");
  const auto sockets = Open({"unix:" + path, "127.0.0.1:0", "127.0.0.1:0"});
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  EXPECT_THAT(sockets->addresses(),
              ElementsAre("unix:" + path, absl::StrCat("127.0.0.1:", sockets->port()),
                          HasSubstr("127.0.0.1:")));
  EXPECT_THAT(sockets->descriptors(), SizeIs(3));
  EXPECT_TRUE(ConnectsToPort(sockets->port()));
  EXPECT_TRUE(ConnectsToPath(path));
}

TEST(ListeningSocketsTest, OnceClosedNobodyConnectsAndThePortIsStillKnown) {
  const std::string path = SocketPath("closed.sock");
  auto sockets = Open({"127.0.0.1:0", "unix:" + path});
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  sockets->Close();
  EXPECT_FALSE(ConnectsToPort(sockets->port()));
  EXPECT_NE(access(path.c_str(), F_OK), 0) << "the socket file is still there";
}

TEST(ListeningSocketsTest, WhatIsMovedFromListensNoMore) {
  auto first = Open({"127.0.0.1:0"});
  ASSERT_TRUE(first.ok()) << first.status();
  ListeningSockets second = *std::move(first);
  first = absl::UnknownError("");
  EXPECT_TRUE(ConnectsToPort(second.port()));
  second = ListeningSockets();
  EXPECT_EQ(second.port(), 0);
}

TEST(ListeningSocketsTest, APortIsOneServersAndTheMessageSaysWhichAndWhoseOption) {
  const auto first = Open({"127.0.0.1:0"});
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = Open(first->addresses());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()),
              AllOf(HasSubstr(absl::StrCat("--grpc-address 127.0.0.1:", first->port())),
                    HasSubstr("in use"), HasSubstr("must be free")));
}

TEST(ListeningSocketsTest, ASocketFileIsOneServersWhileItLives) {
  const std::string path = SocketPath("one.sock");
  const auto first = Open({"unix:" + path});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(Open({"unix:" + path}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(ConnectsToPath(path));
}

TEST(ListeningSocketsTest, ASocketFileThatAKilledServerLeftIsTakenOver) {
  const std::string path = SocketPath("left.sock");
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(left, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  close(left);
  const auto sockets = Open({"unix:" + path});
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  EXPECT_TRUE(ConnectsToPath(path));
}

TEST(ListeningSocketsTest, AllInterfacesHaveTheLoopbackOne) {
  for (const char* address : {"0.0.0.0:0", "[::]:0"}) {
    const auto sockets = Open({address});
    ASSERT_TRUE(sockets.ok()) << sockets.status();
    EXPECT_TRUE(ConnectsToPort(sockets->port())) << address;
  }
}

TEST(ListeningSocketsTest, AHostMayHaveAName) {
  if (!KnowsLocalhost()) GTEST_SKIP() << "the name localhost is not known here (no /etc/hosts)";
  const auto sockets = Open({"localhost:0"});
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  EXPECT_TRUE(ConnectsToPort(sockets->port()));
}

TEST(ListeningSocketsTest, AnAddressOfAnotherMachineIsRefused) {
  EXPECT_EQ(Open({"192.0.2.1:0"}).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace verdict
