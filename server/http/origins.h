// Which pages a browser may let call the server.
#ifndef VERDICT_SERVER_HTTP_ORIGINS_H_
#define VERDICT_SERVER_HTTP_ORIGINS_H_

#include <string>
#include <utility>
#include <vector>

#include "server/http/message.h"

namespace verdict {

// Keeps pages of other origins away from /v1, but for those that --http-allow-origin names.
//
// A browser sends a request of JSON for a page of another origin only if the answer to a preflight
// (OPTIONS) allows it: `application/json` is no type that a form can send. Preflights are answered
// for the named origins alone, and /v1 takes no other type. That keeps others out, whatever a proxy
// does to the headers: `Host` is not compared with `Origin`, since nginx by default rewrites the
// one and not the other, and the server's own page would be refused. Beyond that, a browser that
// tells by `Sec-Fetch-Site`, which no page can set and proxies pass on, that the page is of another
// origin is refused. Whoever is no browser sends neither header, and is asked for the token alone.
//
// What does not help: a name that an attacker points at this server (DNS rebinding) makes its page
// one of the server's own origin. A token does.
//
// Immutable, so any thread may use it.
class HttpOrigins {
 public:
  HttpOrigins() = default;  // names none
  explicit HttpOrigins(std::vector<std::string> allowed) : allowed_(std::move(allowed)) {}

  // Whether `text` is an origin as browsers write it, such as "https://app.example".
  static bool IsOrigin(const std::string& text);

  // Whether a request of JSON may be taken, as far as its page is concerned.
  bool MayCall(const HttpRequest& request) const;

  // Adds what lets the page of a named origin read the response; to a response to OPTIONS, also
  // what it may send.
  void AddHeaders(const HttpRequest& request, HttpResponse* response) const;

 private:
  bool Allows(const HttpRequest& request) const;

  std::vector<std::string> allowed_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_HTTP_ORIGINS_H_
