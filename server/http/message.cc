#include "server/http/message.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/contract/error_reason.h"

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

// What a program can read of it, each as the JSON of its Any.
nlohmann::ordered_json Details(const absl::Status& status) {
  google::rpc::Status rpc;
  rpc.ParseFromString(ToCaller(status).error_details());
  nlohmann::ordered_json details = nlohmann::ordered_json::array();
  for (const google::protobuf::Any& any : rpc.details()) {
    std::string json;
    if (google::protobuf::util::MessageToJsonString(any, &json).ok()) {
      details.push_back(nlohmann::ordered_json::parse(json, nullptr, false));
    }
  }
  return details;
}

// Whole seconds, as HTTP has it, and never 0: who comes back at once finds the same.
std::string RetryAfter(absl::Duration delay) {
  return absl::StrCat(
      std::max<int64_t>(1, absl::ToInt64Seconds(absl::Ceil(delay, absl::Seconds(1)))));
}

}  // namespace

std::optional<std::string> HttpRequest::Header(absl::string_view name) const {
  std::optional<std::string> all;
  for (const auto& [key, value] : headers) {
    if (!absl::EqualsIgnoreCase(key, name)) continue;
    all = all.has_value() ? absl::StrCat(*all, ", ", value) : value;
  }
  return all;
}

HttpResponse JsonError(const absl::Status& status) {
  return JsonError(HttpStatus(status.code()), status);
}

HttpResponse JsonError(int http_status, const absl::Status& status) {
  const nlohmann::ordered_json json = {{"code", static_cast<int>(status.code())},
                                       {"message", std::string(status.message())},
                                       {"details", Details(status)}};
  HttpResponse response = {
      .status = http_status,
      .content_type = "application/json",
      // A message may quote a part of what was sent, cut within a character.
      .body = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"};
  if (const std::optional<absl::Duration> delay = RetryDelayOf(status)) {
    response.headers.emplace_back("Retry-After", RetryAfter(*delay));
  }
  if (http_status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace verdict
