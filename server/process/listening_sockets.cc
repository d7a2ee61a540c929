#include "server/process/listening_sockets.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace verdict {
namespace {

// As gRPC's keepalive: what was sent and is not acknowledged for so long ends the connection.
constexpr unsigned kUserTimeoutMs = 20'000;

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// UNAVAILABLE: there is no such name.
absl::StatusOr<Addresses> Resolve(const std::string& host, int port) {
  addrinfo hints = {};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), absl::StrCat(port).c_str(), &hints, &found);
  if (error != 0) return absl::UnavailableError(gai_strerror(error));
  return Addresses(found);
}

void SetOption(int socket, int level, int option, int value) {
  setsockopt(socket, level, option, &value, sizeof(value));
}

// A socket that listens at `address`; -1 with errno if there is none. What is set here, accepted
// connections inherit.
int ListeningSocket(const sockaddr* address, socklen_t size) {
  const int socket = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return -1;
  if (address->sa_family != AF_UNIX) {
    SetOption(socket, SOL_SOCKET, SO_REUSEADDR, 1);
    SetOption(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    SetOption(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);
  }
  if (address->sa_family == AF_INET6) SetOption(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (bind(socket, address, size) == 0 && listen(socket, SOMAXCONN) == 0) return socket;
  const int error = errno;
  close(socket);
  errno = error;
  return -1;
}

// In the same place in both versions of IP.
uint16_t& PortIn(sockaddr* address) { return reinterpret_cast<sockaddr_in*>(address)->sin_port; }

// The address at which `socket` listens, for comparing.
std::string LocalAddress(int socket) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return {reinterpret_cast<const char*>(&address), size};
}

int PortOf(int socket) {
  std::string address = LocalAddress(socket);
  return ntohs(PortIn(reinterpret_cast<sockaddr*>(address.data())));
}

// A server that was killed leaves its socket file behind, and nobody answers there.
bool IsLeftBehind(const sockaddr_un& address) {
  const int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (client < 0) return false;
  const auto* const any = reinterpret_cast<const sockaddr*>(&address);
  const bool is_refused = connect(client, any, sizeof(address)) != 0 && errno == ECONNREFUSED;
  close(client);
  return is_refused;
}

absl::Status Failed(int error) { return absl::UnavailableError(std::strerror(error)); }

}  // namespace

ListeningSockets::ListeningSockets(ListeningSockets&& other) noexcept
    : descriptors_(std::exchange(other.descriptors_, {})),
      paths_(std::exchange(other.paths_, {})),
      addresses_(std::exchange(other.addresses_, {})),
      port_(std::exchange(other.port_, 0)) {}

ListeningSockets& ListeningSockets::operator=(ListeningSockets&& other) noexcept {
  if (this == &other) return *this;
  Close();
  descriptors_ = std::exchange(other.descriptors_, {});
  paths_ = std::exchange(other.paths_, {});
  addresses_ = std::exchange(other.addresses_, {});
  port_ = std::exchange(other.port_, 0);
  return *this;
}

absl::StatusOr<ListeningSockets> ListeningSockets::Open(absl::string_view option,
                                                        const std::vector<std::string>& addresses) {
  ListeningSockets sockets;
  for (const std::string& address : addresses) {
    if (absl::Status status = sockets.Listen(address); !status.ok()) {
      return absl::Status(
          status.code(),
          absl::StrCat("cannot listen on ", option, " ", address, ": ", status.message(),
                       "; the port must be free, and the address one of this machine's"));
    }
  }
  return sockets;
}

void ListeningSockets::Close() {
  for (const int descriptor : descriptors_) close(descriptor);
  for (const std::string& path : paths_) unlink(path.c_str());
  descriptors_.clear();
  paths_.clear();
}

absl::Status ListeningSockets::Listen(const std::string& address) {
  const absl::StatusOr<ListenAddress> parsed = ParseListenAddress(address);
  if (!parsed.ok()) return parsed.status();
  if (!parsed->path.empty()) {
    addresses_.push_back(address);
    return ListenOnPath(parsed->path);
  }
  ListenAddress wanted = *parsed;
  const bool is_any = wanted.host == "0.0.0.0";
  if (is_any) wanted.host = "::";
  const size_t before = descriptors_.size();
  absl::Status status = ListenOnHost(wanted);
  // Where there is no IPv6.
  if (!status.ok() && is_any) status = ListenOnHost(*parsed);
  if (!status.ok()) return status;
  const int port = descriptors_.size() > before ? PortOf(descriptors_.back()) : parsed->port;
  if (port_ == 0) port_ = port;
  addresses_.push_back(absl::StrCat(address.substr(0, address.rfind(':')), ":", port));
  return status;
}

absl::Status ListeningSockets::ListenOnHost(const ListenAddress& address) {
  const absl::StatusOr<Addresses> found = Resolve(address.host, address.port);
  if (!found.ok()) return found.status();
  uint16_t port = htons(static_cast<uint16_t>(address.port));
  int error = EADDRNOTAVAIL;
  bool listens = false;
  for (const addrinfo* next = found->get(); next != nullptr; next = next->ai_next) {
    PortIn(next->ai_addr) = port;  // what the first one took, where it was 0
    // A name's address may be found twice, and one that was given before be the same.
    const std::string bytes(reinterpret_cast<const char*>(next->ai_addr), next->ai_addrlen);
    if (std::any_of(descriptors_.begin(), descriptors_.end(),
                    [&](int descriptor) { return LocalAddress(descriptor) == bytes; })) {
      listens = true;
      continue;
    }
    const int socket = ListeningSocket(next->ai_addr, next->ai_addrlen);
    if (socket >= 0) {
      descriptors_.push_back(socket);
      port = htons(static_cast<uint16_t>(PortOf(socket)));
      listens = true;
      continue;
    }
    error = errno;
    if (error == EADDRINUSE) return Failed(error);
  }
  return listens ? absl::OkStatus() : Failed(error);
}

absl::Status ListeningSockets::ListenOnPath(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const auto* const any = reinterpret_cast<const sockaddr*>(&address);
  int socket = ListeningSocket(any, sizeof(address));
  if (socket < 0 && errno == EADDRINUSE && IsLeftBehind(address)) {
    unlink(path.c_str());
    socket = ListeningSocket(any, sizeof(address));
  }
  if (socket < 0) return Failed(errno);
  descriptors_.push_back(socket);
  paths_.push_back(path);
  return absl::OkStatus();
}

}  // namespace verdict
