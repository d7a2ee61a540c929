#include "server/transport/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "engine/threads/thread_name.h"
#include "latency/steady_clock.h"
#include "server/log/log.h"

namespace verdict {
namespace {

constexpr absl::Duration kReportEvery = absl::Seconds(1);
// How often to look which connections are still open, if they are more than a few.
constexpr absl::Duration kLookEvery = absl::Milliseconds(5);
constexpr size_t kFew = 64;
// How long to wait for a descriptor when there is none.
constexpr absl::Duration kStarved = absl::Milliseconds(50);
// As gRPC's keepalive: what was sent and is not acknowledged for so long ends the connection.
constexpr unsigned kUserTimeoutMs = 20'000;

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// "::" for all interfaces, which takes IPv4 too.
std::string HostName(absl::string_view host) {
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  return std::string(host);
}

bool IsAny(const std::string& host) { return host == "0.0.0.0" || host == "::"; }

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

// A socket that listens on `address`; -1 with errno if there is none. What is set here, accepted
// connections inherit.
int ListeningSocket(const addrinfo& address) {
  const int socket =
      ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  if (socket < 0) return -1;
  SetOption(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  SetOption(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);
  if (address.ai_family == AF_INET6) SetOption(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (bind(socket, address.ai_addr, address.ai_addrlen) == 0 && listen(socket, SOMAXCONN) == 0) {
    return socket;
  }
  const int error = errno;
  close(socket);
  errno = error;
  return -1;
}

int PortOf(int socket) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  // In the same place in both versions.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

// Of IPv6 the first half, since whoever has one address there has all that share it.
std::string AddressOf(const sockaddr_storage& peer) {
  if (peer.ss_family == AF_INET) {
    const auto& address = reinterpret_cast<const sockaddr_in*>(&peer)->sin_addr;
    return std::string(reinterpret_cast<const char*>(&address), sizeof(address));
  }
  const auto& address = reinterpret_cast<const sockaddr_in6*>(&peer)->sin6_addr;
  const char* const bytes = reinterpret_cast<const char*>(&address);
  if (IN6_IS_ADDR_V4MAPPED(&address)) return std::string(bytes + 12, 4);
  return std::string(bytes, 8);
}

bool OutOfDescriptors(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

// Half of the process's descriptors: the rest is HTTP's, and the files'.
ConnectionLimits WithinDescriptors(ConnectionLimits limits) {
  rlimit files = {};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return limits;
  const auto most = static_cast<int>(std::min<rlim_t>(files.rlim_cur / 2, INT32_MAX));
  if (most < limits.in_all) {
    Log(LogLevel::kWarning,
        "fewer connections are taken than --max-connections allows: half of the file descriptors",
        {{"max_connections", limits.in_all}, {"connections", most}});
  }
  limits.in_all = std::min(limits.in_all, most);
  limits.by_address = std::min(limits.by_address, most);
  return limits;
}

// Accepts, and counts. Belongs to the listener's thread.
class Acceptor {
 public:
  Acceptor(ConnectionLimits limits, const Listener::Accepted& accepted)
      : limits_(limits), accepted_(accepted), open_(limits) {}

  // Accepts who has connected to `sockets`.
  void AcceptWaiting(const std::vector<int>& sockets) {
    const bool starved = std::exchange(starves_, false);
    for (const int socket : sockets) AcceptWaiting(socket);
    if (starves_ && !starved) {
      LogCallers(LogLevel::kWarning, "out of file descriptors: new connections wait for one");
    }
  }

  // Whether somebody waits for a descriptor.
  bool starves() const { return starves_; }
  int open() { return open_.Count(); }
  // How many were refused since the last time.
  int TakeRefused() { return std::exchange(refused_, 0); }

 private:
  // As many as fit into its backlog: they may come faster than they are accepted.
  void AcceptWaiting(int socket) {
    for (int i = 0; i < SOMAXCONN; ++i) {
      sockaddr_storage peer = {};
      socklen_t size = sizeof(peer);
      const int descriptor =
          accept4(socket, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (descriptor >= 0) {
        Take(descriptor, AddressOf(peer));
      } else if (errno != EINTR && errno != ECONNABORTED) {
        starves_ = starves_ || OutOfDescriptors(errno);
        return;
      }
    }
  }

  void Take(int descriptor, const std::string& address) {
    if (open_.HasRoom(address, SteadyNow())) {
      open_.Add(descriptor, address);
      return accepted_(descriptor);
    }
    close(descriptor);
    ++refused_;
    LogCallers(
        LogLevel::kWarning, "a connection too many is refused",
        {{"max_connections", limits_.in_all}, {"max_connections_by_address", limits_.by_address}});
  }

  const ConnectionLimits limits_;
  const Listener::Accepted& accepted_;
  OpenConnections open_;
  int refused_ = 0;
  bool starves_ = false;
};

}  // namespace

// To look at a thousand takes a third of a millisecond, and a flood brings thousands a second.
bool OpenConnections::HasRoom(const std::string& address, absl::Time now) {
  if (HasRoomByCount(address)) return true;
  if (connections_.size() > kFew && now - looked_ < kLookEvery) return false;
  looked_ = now;
  ForgetClosed();
  return HasRoomByCount(address);
}

bool OpenConnections::HasRoomByCount(const std::string& address) const {
  const auto all = static_cast<int>(connections_.size());
  const auto found = of_address_.find(address);
  const int own = found == of_address_.end() ? 0 : found->second;
  const int kept = own == 0 ? 0 : limits_.in_all / 16;
  return all < limits_.in_all - kept && own < limits_.by_address;
}

void OpenConnections::Add(int descriptor, const std::string& address) {
  struct stat status = {};
  if (fstat(descriptor, &status) != 0) return;
  connections_.push_back({.descriptor = descriptor,
                          .device = status.st_dev,
                          .inode = status.st_ino,
                          .address = address});
  ++of_address_[address];
}

int OpenConnections::Count() {
  ForgetClosed();
  return static_cast<int>(connections_.size());
}

bool OpenConnections::IsOpen(const Connection& connection) {
  struct stat status = {};
  return fstat(connection.descriptor, &status) == 0 && status.st_dev == connection.device &&
         status.st_ino == connection.inode;
}

void OpenConnections::ForgetClosed() {
  const auto closed =
      std::stable_partition(connections_.begin(), connections_.end(), &OpenConnections::IsOpen);
  for (auto connection = closed; connection != connections_.end(); ++connection) {
    const auto count = of_address_.find(connection->address);
    if (--count->second == 0) of_address_.erase(count);
  }
  connections_.erase(closed, connections_.end());
}

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(absl::string_view address) {
  std::unique_ptr<Listener> listener(new Listener());
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port)) {
    return absl::UnavailableError(absl::StrCat(address, " is not HOST:PORT"));
  }
  const std::string host = HostName(address.substr(0, colon));
  absl::Status status = listener->Listen(IsAny(host) ? "::" : host, port);
  // Where there is no IPv6.
  if (!status.ok() && host == "0.0.0.0") status = listener->Listen(host, port);
  if (!status.ok()) return status;
  return listener;
}

Listener::Listener() : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Listener::~Listener() {
  Stop();
  for (const int socket : sockets_) close(socket);
  close(wake_);
}

absl::Status Listener::Listen(const std::string& host, int port) {
  const absl::StatusOr<Addresses> addresses = Resolve(host, port);
  if (!addresses.ok()) return addresses.status();
  int error = EADDRNOTAVAIL;
  for (addrinfo* next = addresses->get(); next != nullptr; next = next->ai_next) {
    if (port_ != 0) reinterpret_cast<sockaddr_in*>(next->ai_addr)->sin_port = htons(port_);
    const int socket = ListeningSocket(*next);
    if (socket >= 0) {
      sockets_.push_back(socket);
      port_ = PortOf(socket);
      continue;
    }
    error = errno;
    if (error == EADDRINUSE) break;
  }
  if (!sockets_.empty() && error != EADDRINUSE) return absl::OkStatus();
  return absl::UnavailableError(std::strerror(error));
}

void Listener::Start(ConnectionLimits limits, Accepted accepted, Report report) {
  thread_ = std::thread([this, limits, accepted = std::move(accepted), report = std::move(report)] {
    Serve(WithinDescriptors(limits), accepted, report);
  });
}

void Listener::Stop() {
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
  thread_.join();
  for (const int socket : sockets_) close(socket);
  sockets_.clear();
}

void Listener::Serve(ConnectionLimits limits, const Accepted& accepted, const Report& report) {
  NameThisThread("accept");
  Acceptor acceptor(limits, accepted);
  std::vector<pollfd> polled = {{.fd = wake_, .events = POLLIN, .revents = 0}};
  for (const int socket : sockets_) {
    polled.push_back({.fd = socket, .events = POLLIN, .revents = 0});
  }
  absl::Time reported = absl::InfinitePast();
  bool stopping = false;
  while (!stopping) {
    // Who starves looks at nothing but the end: the others would be ready at once.
    const bool starves = acceptor.starves();
    const absl::Duration patience = starves ? kStarved : kReportEvery;
    poll(polled.data(), starves ? 1 : polled.size(),
         static_cast<int>(absl::ToInt64Milliseconds(patience)));
    stopping = polled[0].revents != 0;
    acceptor.AcceptWaiting(sockets_);
    const absl::Time now = SteadyNow();
    if (!report || (!stopping && now - reported < kReportEvery)) continue;
    report(acceptor.open(), acceptor.TakeRefused());
    reported = now;
  }
}

}  // namespace verdict
