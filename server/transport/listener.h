// The sockets on which gRPC's connections come in.
#ifndef VERDICT_SERVER_TRANSPORT_LISTENER_H_
#define VERDICT_SERVER_TRANSPORT_LISTENER_H_

#include <sys/stat.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace verdict {

// The most connections that are open at a time.
struct ConnectionLimits {
  int in_all = 1024;
  int by_address = 512;  // of the other end
};

// Knows the open connections: how many there are, and whose. Whoever uses a connection closes it
// and tells nobody, so it looks whether the descriptor is still what it was.
//
// Not synchronized.
class OpenConnections {
 public:
  explicit OpenConnections(ConnectionLimits limits) : limits_(limits) {}

  // Whether one more of `address` is within the limits. The last sixteenth of all is kept for
  // addresses that have none, such as an orchestrator's.
  bool HasRoom(const std::string& address, absl::Time now);

  // Counts the connection of `descriptor`, which is open.
  void Add(int descriptor, const std::string& address);

  // How many there are.
  int Count();

 private:
  struct Connection {
    int descriptor;
    dev_t device;
    ino_t inode;
    std::string address;
  };

  static bool IsOpen(const Connection& connection);
  bool HasRoomByCount(const std::string& address) const;
  void ForgetClosed();

  const ConnectionLimits limits_;
  std::vector<Connection> connections_;
  absl::Time looked_ = absl::InfinitePast();
  absl::flat_hash_map<std::string, int> of_address_;
};

// Accepts connections and hands them over. gRPC's own listener has no limit on their number, and
// one that has run out of file descriptors once never accepts again; this one waits until there are
// some.
//
// Open, Start and Stop belong to one thread.
class Listener {
 public:
  // Takes a connection: its descriptor, which is non-blocking. On the listener's thread.
  using Accepted = std::function<void(int descriptor)>;
  // Called now and then with the number of open connections, and of those refused since the last
  // call. May be null.
  using Report = std::function<void(int open, int refused)>;

  // Listens on every address that HOST:PORT has; of all interfaces in both versions of IP. Port 0
  // takes a free one. Nobody is accepted yet.
  //
  // UNAVAILABLE: the port is in use, or no such address is this machine's.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(absl::string_view address);

  ~Listener();

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }

  // Accepts from now on, on a thread of its own.
  void Start(ConnectionLimits limits, Accepted accepted, Report report);

  // Hands over the connections that are there already. From now on the system refuses new ones.
  void Stop();

 private:
  Listener();

  absl::Status Listen(const std::string& host, int port);
  void Serve(ConnectionLimits limits, const Accepted& accepted, const Report& report);

  std::vector<int> sockets_;
  int port_ = 0;
  int wake_ = -1;  // an eventfd, written to by Stop
  std::thread thread_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TRANSPORT_LISTENER_H_
