// How a client reaches its servers, and how long it tries.
#ifndef VERDICT_CLIENT_CLIENT_OPTIONS_H_
#define VERDICT_CLIENT_CLIENT_OPTIONS_H_

#include <string>

#include "absl/time/time.h"

namespace verdict {

struct ClientOptions {
  // HOST:PORT; or several, separated by commas, whose hosts are addresses (target.h). Calls go
  // round all servers that a list or a name stands for, leaving out those that are gone or say that
  // they do not serve.
  std::string server = "127.0.0.1:50051";

  // The deadline of each call, all its attempts together. The server drops what it cannot finish in
  // time, so a call without one could wait behind work that nobody wants any more.
  // InfiniteDuration turns it off.
  absl::Duration timeout = absl::Seconds(10);

  // Whether a call waits, up to its deadline, for a server that is not there yet. Otherwise it
  // fails with UNAVAILABLE as soon as all servers are known to be away.
  bool wait_for_ready = false;

  // How often a call is tried at most, when a server goes away, or asks to be asked later
  // (RetryPolicy). Five take 0.7 s: a client that has just lost its last server may find one that
  // has just come. 1: never again.
  int attempts = 5;

  // Certificates, in PEM, of the authorities that the servers' certificates are to come from. Turns
  // TLS on. Usually the one that made them; /etc/ssl/certs/ca-certificates.crt for the public ones.
  std::string tls_ca = "";
  // The client's own certificate and key, for servers that ask for one.
  std::string tls_cert = "";
  std::string tls_key = "";
  // The name that the servers' certificates must be for, if it is not the host of `server`. A list
  // of servers needs it.
  std::string tls_server_name = "";

  // A file whose first line is the bearer token to show. It is read again when it changes. Without
  // TLS, anyone on the way can read the token.
  std::string token_file = "";
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLIENT_OPTIONS_H_
