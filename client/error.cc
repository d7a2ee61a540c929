#include "client/error.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "proto/duration.h"
#include "proto/status_details.h"

namespace verdict {

absl::Status ToAbslStatus(const v1::Error& error, absl::string_view message) {
  absl::Status status(static_cast<absl::StatusCode>(error.code()), message);
  if (error.reason() != v1::ERROR_REASON_UNSPECIFIED) {
    google::rpc::ErrorInfo info;
    // Empty for a reason of a newer server's, which the code stands for.
    info.set_reason(v1::ErrorReason_Name(error.reason()));
    info.set_domain(v1::ErrorReason_descriptor()->file()->package());
    SetDetail(info, &status);
  }
  if (error.has_retry_delay()) {
    google::rpc::RetryInfo retry;
    *retry.mutable_retry_delay() = error.retry_delay();
    SetDetail(retry, &status);
  }
  return status;
}

v1::Error ToError(const absl::Status& status) {
  v1::Error error;
  error.set_code(static_cast<int32_t>(status.code()));
  error.set_message(std::string(status.message()));
  google::rpc::ErrorInfo info;
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  if (GetDetail(status, &info) && v1::ErrorReason_Parse(info.reason(), &reason)) {
    error.set_reason(reason);
  }
  google::rpc::RetryInfo retry;
  if (GetDetail(status, &retry)) *error.mutable_retry_delay() = retry.retry_delay();
  return error;
}

std::string ErrorText(const absl::Status& status) {
  std::string text = absl::StrCat(absl::StatusCodeToString(status.code()), ": ", status.message());
  google::rpc::ErrorInfo info;
  if (!GetDetail(status, &info) || info.reason().empty()) return text;
  absl::StrAppend(&text, " (", info.reason());
  google::rpc::RetryInfo retry;
  if (GetDetail(status, &retry)) {
    absl::StrAppend(&text, "; try again after ", absl::FormatDuration(ToAbsl(retry.retry_delay())));
  }
  return text + ")";
}

absl::string_view PushbackMs(const grpc::ClientContext& context) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find("grpc-retry-pushback-ms");
  if (found == trailers.end()) return "";
  return {found->second.data(), found->second.size()};
}

}  // namespace verdict
