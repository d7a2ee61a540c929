// Where a port of the server is.
#ifndef VERDICT_SERVER_PROCESS_LISTEN_ADDRESS_H_
#define VERDICT_SERVER_PROCESS_LISTEN_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"

namespace verdict {

// A host with a port, or the path of a unix socket.
struct ListenAddress {
  std::string host;  // a name, an IPv4 address, or an IPv6 address without its brackets
  int port = 0;
  std::string path;  // of a unix socket; empty: host and port count
};

// Reads "127.0.0.1:8080", "[::1]:8080", a host name with a port, or "unix:PATH".
//
// INVALID_ARGUMENT: it is none of these; the message says what was expected and what was found.
absl::StatusOr<ListenAddress> ParseListenAddress(const std::string& text);

}  // namespace verdict

#endif  // VERDICT_SERVER_PROCESS_LISTEN_ADDRESS_H_
