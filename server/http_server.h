// The HTTP port: metrics for Prometheus, health for whoever runs the server.
#ifndef VERDICT_SERVER_HTTP_SERVER_H_
#define VERDICT_SERVER_HTTP_SERVER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

struct mg_connection;
struct mg_context;

namespace verdict {

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// What a path answers to GET; HEAD gets the same without the body. `get` is called from several
// threads at once.
struct HttpRoute {
  std::string path;  // matched exactly
  std::function<HttpResponse()> get;
};

// Serves a fixed set of routes, and nothing else: no files, no folders, no CGI. An unknown path is
// a 404, a method that the path does not know a 405.
//
// A connection carries one request and has a thread of its own while it lasts. A caller that sends
// nothing, or reads nothing, is cut off after kTimeoutMilliseconds, so that even a hundred of them
// delay a scrape by less than the ten seconds that Prometheus waits. A request line with its
// headers is at most 16 KiB.
//
// port() may be called from any thread. Whatever the routes refer to must outlive the server: its
// destructor waits for the requests that are being answered.
class HttpServer {
 public:
  // Listens on `address`: "127.0.0.1:8080", "[::1]:8080", or a host name and a port; port 0 takes
  // any free one. From then on SIGPIPE is ignored in the whole process, by the library below.
  //
  // INVALID_ARGUMENT: not an address. UNAVAILABLE: cannot listen there; the message says why.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& address,
                                                           std::vector<HttpRoute> routes);
  ~HttpServer();

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Where it listens; the one that was found if it was asked for port 0.
  int port() const { return port_; }

 private:
  HttpServer(std::string host, std::vector<HttpRoute> routes);

  // civetweb's callback for every request.
  static int OnRequest(mg_connection* connection);

  HttpResponse Respond(const std::string& method, const std::string& path) const;

  const std::string host_;
  std::map<std::string, std::function<HttpResponse()>> routes_;
  mg_context* context_ = nullptr;
  int port_ = 0;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_HTTP_SERVER_H_
