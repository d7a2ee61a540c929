#include "server/transport/listener.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace verdict {
namespace {

// A client's socket, connected from one of the loopback addresses.
class Client {
 public:
  Client(int port, const char* from = "127.0.0.1") {
    sockaddr_in address = Address(from, 0);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    address = Address("127.0.0.1", port);
    connected_ = connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~Client() { close(socket_); }

  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }

  // Waits until the server says something; false if it closes.
  bool Hears() const {
    char byte = 0;
    return recv(socket_, &byte, 1, 0) == 1;
  }

 private:
  static sockaddr_in Address(const char* host, int port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = inet_addr(host);
    address.sin_port = htons(port);
    return address;
  }

  const int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool connected_ = false;
};

// Says a byte to whoever is accepted, and keeps the connection until told otherwise.
class ListenerTest : public ::testing::Test {
 protected:
  ~ListenerTest() override { CloseAll(); }

  void Open(const std::string& address = "127.0.0.1:0") {
    auto sockets = ListeningSockets::Open("--grpc-address", {address});
    ASSERT_TRUE(sockets.ok()) << sockets.status();
    listener_ = std::make_unique<Listener>(*std::move(sockets));
  }

  void Start(ConnectionLimits limits) {
    listener_->Start(
        limits,
        [this](int descriptor) {
          EXPECT_EQ(write(descriptor, "!", 1), 1);
          absl::MutexLock lock(&mutex_);
          accepted_.push_back(descriptor);
        },
        [this](int open, int refused) {
          absl::MutexLock lock(&mutex_);
          open_ = open;
          refused_ += refused;
        });
  }

  void CloseAll() {
    absl::MutexLock lock(&mutex_);
    for (const int descriptor : accepted_) close(descriptor);
    accepted_.clear();
  }

  bool Takes(const char* from = "127.0.0.1") {
    clients_.push_back(std::make_unique<Client>(listener_->port(), from));
    return clients_.back()->connected() && clients_.back()->Hears();
  }

  std::vector<std::unique_ptr<Client>> clients_;
  absl::Mutex mutex_;
  std::vector<int> accepted_ ABSL_GUARDED_BY(mutex_);
  int open_ ABSL_GUARDED_BY(mutex_) = 0;
  int refused_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<Listener> listener_;
};

TEST_F(ListenerTest, OneAddressGetsNoMoreThanItsLimit) {
  Open();
  Start({.in_all = 100, .by_address = 3});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Takes());
  EXPECT_FALSE(Takes());
  EXPECT_TRUE(Takes("127.0.0.2"));
}

// As an orchestrator's probes do.
TEST_F(ListenerTest, AnAddressWithoutConnectionsFindsRoomWhenOthersAreAtTheirLimit) {
  Open();
  Start({.in_all = 32, .by_address = 32});
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(Takes()) << i;
  EXPECT_FALSE(Takes());
  EXPECT_TRUE(Takes("127.0.0.2"));
  EXPECT_TRUE(Takes("127.0.0.3"));
  EXPECT_FALSE(Takes("127.0.0.4"));
}

TEST_F(ListenerTest, AConnectionThatWasClosedMakesRoom) {
  Open();
  Start({.in_all = 16, .by_address = 2});
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(Takes());
    EXPECT_TRUE(Takes());
    EXPECT_FALSE(Takes());
    CloseAll();
  }
  listener_->Stop();
  absl::MutexLock lock(&mutex_);
  EXPECT_EQ(open_, 0);
  EXPECT_EQ(refused_, 3);
}

TEST_F(ListenerTest, AfterStopNobodyConnectsAndOpenConnectionsAreTaken) {
  Open();
  std::vector<std::unique_ptr<Client>> before;
  for (int i = 0; i < 3; ++i) before.push_back(std::make_unique<Client>(listener_->port()));
  Start({});
  listener_->Stop();
  for (const auto& client : before) EXPECT_TRUE(client->Hears());
  EXPECT_FALSE(Client(listener_->port()).connected());
}

}  // namespace
}  // namespace verdict
