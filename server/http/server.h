// The HTTP port: metrics for Prometheus, health for whoever runs the server, a page and JSON for
// people.
#ifndef VERDICT_SERVER_HTTP_SERVER_H_
#define VERDICT_SERVER_HTTP_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/http/message.h"
#include "server/http/settings.h"

namespace verdict {

// Serves a fixed set of routes (router.h) to requests of HTTP/1.0 and 1.1 (request_parser.h).
//
// One thread does all reading and writing, and answers what is quick; what takes longer, such as
// JSON, is a worker thread's, of which one is for large bodies alone. So no client can hold a
// thread, a large body delays no small one, and `/healthz` waits for nobody. Each
// step of a connection has a deadline (settings.h). kMostConnections are open at a time: one more
// closes the one that has done the same for longest, idle or slow, unless it is being answered.
//
// All methods may be called from any thread. Whatever the routes refer to must outlive the server:
// its destructor waits for the requests that are being answered.
class HttpServer {
 public:
  static constexpr int kMostConnections = 512;

  // Listens on all `addresses` (address.h), of which port 0 takes any free one, and a host name
  // means all its addresses. A unix socket that nobody listens on any more is replaced.
  //
  // INVALID_ARGUMENT: not an address. UNAVAILABLE: cannot listen there; the message says why.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      const std::vector<std::string>& addresses, std::vector<HttpRoute> routes,
      HttpSettings settings = {});
  ~HttpServer();

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Where it listens on the first address that is no unix socket, also if that was port 0; 0 if all
  // are unix sockets.
  int port() const;

  // All that it listens on, as Start's `addresses`, with the ports that were found.
  const std::vector<std::string>& addresses() const;

  // Waits until no request is being answered, at the latest until `deadline`. From now on every
  // connection is closed after its request.
  void AwaitAnswered(absl::Time deadline) const;

 private:
  class Impl;

  explicit HttpServer(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_HTTP_SERVER_H_
