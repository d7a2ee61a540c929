// The sockets on which gRPC's connections come in.
#ifndef VERDICT_SERVER_TRANSPORT_LISTENER_H_
#define VERDICT_SERVER_TRANSPORT_LISTENER_H_

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "server/process/listening_sockets.h"
#include "server/transport/open_connections.h"

namespace verdict {

// Accepts connections and hands them over. gRPC's own listener has no limit on their number, and
// one that has run out of file descriptors once never accepts again; this one waits until there are
// some.
//
// Start and Stop belong to one thread.
class Listener {
 public:
  // Takes a connection: its descriptor, which is non-blocking. On the listener's thread.
  using Accepted = std::function<void(int descriptor)>;
  // Called now and then with the number of open connections, and of those refused since the last
  // call. May be null.
  using Report = std::function<void(int open, int refused)>;

  explicit Listener(ListeningSockets sockets);
  ~Listener();

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return sockets_.port(); }
  const std::vector<std::string>& addresses() const { return sockets_.addresses(); }

  // Accepts from now on, on a thread of its own.
  void Start(ConnectionLimits limits, Accepted accepted, Report report);

  // Hands over the connections that are there already. From now on the system refuses new ones.
  void Stop();

 private:
  void Serve(ConnectionLimits limits, const Accepted& accepted, const Report& report);

  ListeningSockets sockets_;
  int wake_ = -1;  // an eventfd, written to by Stop
  std::thread thread_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TRANSPORT_LISTENER_H_
