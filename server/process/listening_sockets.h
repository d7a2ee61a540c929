// The sockets on which a port of the server listens.
#ifndef VERDICT_SERVER_PROCESS_LISTENING_SOCKETS_H_
#define VERDICT_SERVER_PROCESS_LISTENING_SOCKETS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/process/listen_address.h"

namespace verdict {

// Sockets that listen, non-blocking, at one or several addresses: who connects waits in their
// backlogs. They belong to one thread at a time.
class ListeningSockets {
 public:
  ListeningSockets() = default;
  ListeningSockets(ListeningSockets&& other) noexcept;
  ListeningSockets& operator=(ListeningSockets&& other) noexcept;
  ~ListeningSockets() { Close(); }

  // Listens at each of `addresses`, which `option` gave and ParseListenAddress reads. A host name
  // stands for all of its addresses that this machine has, 0.0.0.0 and [::] for all interfaces in
  // both versions of IP; port 0 takes a free one. The socket file that a killed server left behind
  // is taken over.
  //
  // UNAVAILABLE: an address is not this machine's, or in use. INVALID_ARGUMENT: it is none.
  static absl::StatusOr<ListeningSockets> Open(absl::string_view option,
                                               const std::vector<std::string>& addresses);

  // From now on the system refuses who connects; socket files are gone.
  void Close();

  const std::vector<int>& descriptors() const { return descriptors_; }
  // As they were given, but with the port that 0 has become.
  const std::vector<std::string>& addresses() const { return addresses_; }
  // Of the first address that has one, even after Close; 0: none has.
  int port() const { return port_; }

 private:
  absl::Status Listen(const std::string& address);
  absl::Status ListenOnHost(const ListenAddress& address);
  absl::Status ListenOnPath(const std::string& path);

  std::vector<int> descriptors_;
  std::vector<std::string> paths_;  // of socket files
  std::vector<std::string> addresses_;
  int port_ = 0;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_PROCESS_LISTENING_SOCKETS_H_
