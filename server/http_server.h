// The HTTP port: metrics for Prometheus, health for whoever runs the server, a page and JSON for
// people.
#ifndef VERDICT_SERVER_HTTP_SERVER_H_
#define VERDICT_SERVER_HTTP_SERVER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/http_message.h"

struct mg_connection;
struct mg_context;

namespace verdict {

// How long callers may take in all, however little comes or goes at a time.
struct HttpPatience {
  absl::Duration body = absl::Seconds(2);     // until a body that a route reads has come
  absl::Duration reply = absl::Seconds(5);    // until a reply has gone
  absl::Duration discard = absl::Seconds(1);  // for what no route reads of a body
};

// Serves a fixed set of routes, and nothing else: no files, no folders, no CGI. An unknown path is
// a 404, a method that the path does not know a 405.
//
// A connection carries one request and has a thread of its own while it lasts. A caller that sends
// nothing, or reads nothing, is cut off after two seconds; the threads are so many that even 400 of
// them delay a scrape by less than the ten seconds that Prometheus waits. One that does so slowly
// is cut off when the patience with it ends. A request line with its headers is at most 16 KiB.
//
// port() and AwaitAnswered() may be called from any thread. Whatever the routes refer to must
// outlive the server: its destructor waits for the requests that are being answered.
class HttpServer {
 public:
  // How many connections are served at a time. A route that waits leaves most of them to others.
  static constexpr int kThreads = 256;

  // OK: HOST:PORT, whose host is a name, an IPv4 address, or an IPv6 address in brackets.
  //
  // INVALID_ARGUMENT: not an address.
  static absl::Status CheckAddress(const std::string& address);

  // Listens on `address`: "127.0.0.1:8080", "[::1]:8080", or a host name and a port; port 0 takes
  // any free one. From then on SIGPIPE is ignored in the whole process, by the library below.
  //
  // INVALID_ARGUMENT: not an address. UNAVAILABLE: cannot listen there; the message says why.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& address,
                                                           std::vector<HttpRoute> routes,
                                                           HttpPatience patience = {});
  ~HttpServer();

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Where it listens; the one that was found if it was asked for port 0.
  int port() const { return port_; }

  // Waits until no request is being answered, at the latest until `deadline`.
  void AwaitAnswered(absl::Time deadline) const;

 private:
  HttpServer(std::string host, std::vector<HttpRoute> routes, HttpPatience patience);

  // civetweb's callback for every request.
  static int OnRequest(mg_connection* connection);

  // Sends the response, and returns its status.
  int Answer(mg_connection* connection, HttpRequest* request) const;

  HttpResponse Respond(const std::string& method, const std::string& path,
                       HttpRequest* request) const;

  const std::string host_;
  const HttpPatience patience_;
  std::map<std::string, HttpRoute> routes_;
  mutable std::atomic<int> requests_ = 0;    // being answered
  mutable std::atomic<int> discarding_ = 0;  // their bodies, after the answer
  mg_context* context_ = nullptr;
  int port_ = 0;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_HTTP_SERVER_H_
