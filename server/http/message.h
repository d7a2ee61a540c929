// What comes and goes over HTTP, and who answers it.
#ifndef VERDICT_SERVER_HTTP_MESSAGE_H_
#define VERDICT_SERVER_HTTP_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace verdict {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  HttpHeaders headers = {};              // besides those of every response
  std::shared_ptr<void> held = nullptr;  // released when the response is sent, or nobody reads it
};

// A request without its body.
struct HttpRequest {
  // The value of a header, whatever the case of its name. Several headers of one name are joined by
  // commas, as RFC 9110 says.
  std::optional<std::string> Header(absl::string_view name) const;

  std::string method;
  std::string path = {};       // without the query, as it was sent; "*" for `OPTIONS *`
  std::string query = {};      // what follows the path's "?"
  std::string authority = {};  // whom it is for: of the request line, else of the header Host
  HttpHeaders headers = {};
  std::optional<uint64_t> body_bytes = 0;  // nullopt: the body comes in chunks
  std::string peer = {};  // who sends it, as gRPC writes it: "ipv4:127.0.0.1:40000", "unix:"
};

// Sends the response that `make` makes. To be called once, from any thread; `make` runs on one of
// the server's worker threads.
using HttpDone = std::function<void(std::function<HttpResponse()> make)>;

// What a route does for a request that it cannot answer from its headers at once. The server calls
// Take and then Answer, and keeps the object until the response is made; it may also drop it
// without Answer, when the client goes away or is too slow.
class HttpWork {
 public:
  virtual ~HttpWork() = default;

  // Asked before more of the body is kept: of all of it where its length is known, else of each
  // piece. The answer is a refusal, which ends the request; nullopt: the body is wanted. Runs on
  // the thread of all connections, so it must be quick.
  virtual std::optional<HttpResponse> Take(uint64_t bytes) = 0;

  // Runs on a worker thread, and must not wait for anybody. `body` is whole; it is empty for GET,
  // whose body is never read.
  virtual void Answer(std::string body, HttpDone done) = 0;
};

using HttpAnswer = std::variant<HttpResponse, std::unique_ptr<HttpWork>>;

// Runs on the thread of all connections, so it must be quick: what takes longer is an HttpWork.
using HttpMethod = std::function<HttpAnswer(const HttpRequest&)>;

// What a path answers. HEAD gets what GET does, without the body.
struct HttpRoute {
  std::string path;  // matched exactly
  HttpMethod get;    // null: a 405
  HttpMethod post = nullptr;
};

// `status`, which is not OK, as the JSON form of google.rpc.Status, with its details, under the
// HTTP status that usually stands for its code. Where another try can succeed, `Retry-After` says
// when.
HttpResponse JsonError(const absl::Status& status);

// The same with `http_status`, where HTTP has a status of its own for it.
HttpResponse JsonError(int http_status, const absl::Status& status);

}  // namespace verdict

#endif  // VERDICT_SERVER_HTTP_MESSAGE_H_
