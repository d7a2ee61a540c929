// Whether a port of our own still accepts.
#ifndef VERDICT_SERVER_PORT_PROBE_H_
#define VERDICT_SERVER_PORT_PROBE_H_

#include <sys/socket.h>

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace verdict {

// Connects to a gRPC port, with or without TLS, from this machine. One thread at a time may use it.
class PortProbe {
 public:
  enum class Outcome {
    kAnswered,  // somebody has accepted: bytes came, or an end
    kSilent,    // refused, or the kernel connected and nobody came
    kUnknown,   // the process has no descriptor left to try with
  };

  // For who listens on `host`, a name or an address, perhaps in brackets, perhaps of all
  // interfaces, and `port`. Resolves the name, which a process without descriptors could not.
  PortProbe(const std::string& host, int port);

  // Waits for an answer for at most `timeout`. Sends nothing but an end: a gRPC server says its
  // settings unasked, and one with TLS has nothing to complain of in its log.
  Outcome Run(absl::Duration timeout) const;

 private:
  struct Address {
    sockaddr_storage storage = {};
    socklen_t size = 0;
  };

  static Outcome Try(const Address& address, absl::Time deadline);

  std::vector<Address> addresses_;  // any of them may answer
};

}  // namespace verdict

#endif  // VERDICT_SERVER_PORT_PROBE_H_
