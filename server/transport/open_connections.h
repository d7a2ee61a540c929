// Counts the open connections of a port, in all and by address.
#ifndef VERDICT_SERVER_TRANSPORT_OPEN_CONNECTIONS_H_
#define VERDICT_SERVER_TRANSPORT_OPEN_CONNECTIONS_H_

#include <sys/stat.h>

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
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

}  // namespace verdict

#endif  // VERDICT_SERVER_TRANSPORT_OPEN_CONNECTIONS_H_
