// Which route answers a request.
#ifndef VERDICT_SERVER_HTTP_ROUTER_H_
#define VERDICT_SERVER_HTTP_ROUTER_H_

#include <map>
#include <string>
#include <vector>

#include "server/http/message.h"

namespace verdict {

// A fixed set of routes, and nothing else: no files, no folders. Immutable, so any thread may use
// it, as far as the routes allow.
class HttpRouter {
 public:
  explicit HttpRouter(std::vector<HttpRoute> routes);

  // An unknown path is a 404, a method that the path does not know a 405, which names those that it
  // knows, as the answer to OPTIONS does. A path with a part that means another path (`..`, `.`, an
  // empty one, `%00`) is a 400: a proxy that guards paths may have seen another one.
  HttpAnswer Answer(const HttpRequest& request) const;

  // `path` if there is a route of it, else "other": what metrics may say, of which callers choose
  // nothing.
  std::string Name(const std::string& path) const;

 private:
  std::map<std::string, HttpRoute> routes_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_HTTP_ROUTER_H_
