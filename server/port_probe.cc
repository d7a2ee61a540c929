#include "server/port_probe.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "latency/steady_clock.h"

namespace verdict {
namespace {

// Where to connect to for who listens on `host`. Of all interfaces, the loopback one is as good.
std::vector<std::string> Hosts(std::string host) {
  if (absl::StartsWith(host, "[") && absl::EndsWith(host, "]")) {
    host = host.substr(1, host.size() - 2);
  }
  if (host == "0.0.0.0") return {"127.0.0.1"};
  if (host == "::") return {"127.0.0.1", "::1"};  // gRPC listens to both there
  return {host};
}

// Whether something happens on the socket before `deadline`.
bool Await(int socket, short events, absl::Time deadline) {
  while (true) {
    const int64_t left = absl::ToInt64Milliseconds(deadline - SteadyNow());
    if (left <= 0) return false;
    pollfd polled = {.fd = socket, .events = events, .revents = 0};
    const int n = poll(&polled, 1, static_cast<int>(left));
    if (n > 0) return true;
    if (n < 0 && errno != EINTR) return false;
  }
}

bool OutOfDescriptors(int error) { return error == EMFILE || error == ENFILE; }

}  // namespace

PortProbe::PortProbe(const std::string& host, int port) {
  for (const std::string& name : Hosts(host)) {
    addrinfo hints = {};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(name.c_str(), absl::StrCat(port).c_str(), &hints, &found) != 0) continue;
    for (const addrinfo* next = found; next != nullptr; next = next->ai_next) {
      Address& address = addresses_.emplace_back();
      address.size = next->ai_addrlen;
      std::memcpy(&address.storage, next->ai_addr, next->ai_addrlen);
    }
    freeaddrinfo(found);
  }
}

PortProbe::Outcome PortProbe::Run(absl::Duration timeout) const {
  const absl::Time deadline = SteadyNow() + timeout;
  Outcome outcome = addresses_.empty() ? Outcome::kUnknown : Outcome::kSilent;
  for (const Address& address : addresses_) {
    outcome = Try(address, deadline);
    if (outcome != Outcome::kSilent) break;
  }
  return outcome;
}

PortProbe::Outcome PortProbe::Try(const Address& address, absl::Time deadline) {
  const int socket =
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return OutOfDescriptors(errno) ? Outcome::kUnknown : Outcome::kSilent;
  const absl::Cleanup close_socket = [socket] { close(socket); };
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0) {
    if (errno != EINPROGRESS || !Await(socket, POLLOUT, deadline)) return Outcome::kSilent;
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return Outcome::kSilent;
  }
  shutdown(socket, SHUT_WR);
  return Await(socket, POLLIN, deadline) ? Outcome::kAnswered : Outcome::kSilent;
}

}  // namespace verdict
