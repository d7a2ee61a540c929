// What comes and goes over HTTP, and who answers it.
#ifndef VERDICT_SERVER_HTTP_MESSAGE_H_
#define VERDICT_SERVER_HTTP_MESSAGE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace verdict {

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};  // besides those of every response
  std::shared_ptr<void> held = nullptr;  // what to let go of once it is sent, or nobody reads it
};

// One request, whose body is not read yet. Belongs to the thread that answers it.
class HttpRequest {
 public:
  virtual ~HttpRequest() = default;

  // The value of a header, whatever the case of its name.
  virtual std::optional<std::string> Header(const char* name) const = 0;

  // What Content-Length says. INVALID_ARGUMENT: there is none.
  virtual absl::StatusOr<size_t> BodyBytes() const = 0;

  // Reads the body, of `bytes`. DEADLINE_EXCEEDED: it does not come in time, or is cut short.
  virtual absl::StatusOr<std::string> ReadBody(size_t bytes) = 0;
};

using HttpMethod = std::function<HttpResponse(HttpRequest&)>;

// What a path answers, from several threads at once. HEAD gets what GET does, without the body.
struct HttpRoute {
  std::string path;  // matched exactly
  HttpMethod get;    // null: a 405
  HttpMethod post = nullptr;
};

// `status`, which is not OK, as the JSON form of google.rpc.Status, with its details, under the
// HTTP status that usually stands for its code. Where another try can succeed, `Retry-After` says
// when.
HttpResponse JsonError(const absl::Status& status);

// Under another one, where HTTP has a status of its own.
HttpResponse JsonError(int http_status, const absl::Status& status);

}  // namespace verdict

#endif  // VERDICT_SERVER_HTTP_MESSAGE_H_
