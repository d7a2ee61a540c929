#include "tests/server/tcp_connection.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "latency/steady_clock.h"

namespace verdict {

TcpConnection::TcpConnection(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval timeout = {.tv_sec = 30, .tv_usec = 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
}

TcpConnection::~TcpConnection() { close(socket_); }

void TcpConnection::Write(const std::string& bytes) const {
  EXPECT_EQ(send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
}

std::string TcpConnection::Read(size_t count) const {
  std::string bytes(count, '\0');
  size_t size = 0;
  while (size < count) {
    const ssize_t n = recv(socket_, bytes.data() + size, count - size, 0);
    if (n <= 0) break;
    size += static_cast<size_t>(n);
  }
  bytes.resize(size);
  return bytes;
}

std::string TcpConnection::ReadAll() const {
  std::string all;
  char bytes[4096];
  for (ssize_t n; (n = recv(socket_, bytes, sizeof(bytes), 0)) > 0;) {
    all.append(bytes, static_cast<size_t>(n));
  }
  return all;
}

bool TcpConnection::TrickleUntilClosed(absl::Time deadline) const {
  while (SteadyNow() < deadline) {
    pollfd readable = {.fd = socket_, .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, 10) > 0) {
      char bytes[4096];
      if (recv(socket_, bytes, sizeof(bytes), 0) <= 0) return true;
    } else if (send(socket_, "x", 1, MSG_NOSIGNAL) < 0) {
      return true;
    }
  }
  return false;
}

}  // namespace verdict
