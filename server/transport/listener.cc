#include "server/transport/listener.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "absl/time/time.h"
#include "engine/threads/thread_name.h"
#include "latency/steady_clock.h"
#include "server/log/log.h"

namespace verdict {
namespace {

constexpr absl::Duration kReportEvery = absl::Seconds(1);
// How long to wait for a descriptor when there is none.
constexpr absl::Duration kStarved = absl::Milliseconds(50);
// Of IPv6 the first half, since whoever has one address there has all that share it. All who come
// through a socket file are one.
std::string AddressOf(const sockaddr_storage& peer) {
  if (peer.ss_family == AF_UNIX) return "unix";
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

Listener::Listener(ListeningSockets sockets)
    : sockets_(std::move(sockets)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Listener::~Listener() {
  Stop();
  close(wake_);
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
  sockets_.Close();
}

void Listener::Serve(ConnectionLimits limits, const Accepted& accepted, const Report& report) {
  NameThisThread("accept");
  Acceptor acceptor(limits, accepted);
  std::vector<pollfd> polled = {{.fd = wake_, .events = POLLIN, .revents = 0}};
  for (const int socket : sockets_.descriptors()) {
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
    acceptor.AcceptWaiting(sockets_.descriptors());
    const absl::Time now = SteadyNow();
    if (!report || (!stopping && now - reported < kReportEvery)) continue;
    report(acceptor.open(), acceptor.TakeRefused());
    reported = now;
  }
}

}  // namespace verdict
