#include "server/http_message.h"

#include <nlohmann/json.hpp>

namespace verdict {
namespace {

// As google/rpc/code.proto maps them.
int HttpStatus(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kUnimplemented:
      return 501;
    // 499 stands for a caller who has gone; whoever still reads this has not, and may try again.
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

}  // namespace

HttpResponse JsonError(const absl::Status& status) {
  return JsonError(HttpStatus(status.code()), status);
}

HttpResponse JsonError(int http_status, const absl::Status& status) {
  const nlohmann::ordered_json json = {{"code", static_cast<int>(status.code())},
                                       {"message", std::string(status.message())}};
  HttpResponse response = {
      .status = http_status,
      .content_type = "application/json",
      // A message may quote a part of what was sent, cut within a character.
      .body = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"};
  if (http_status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace verdict
