#include "server/contract/error_reason.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "proto/duration.h"
#include "proto/status_details.h"
#include "server/contract/refusal.h"

namespace verdict {
namespace {

v1::ErrorReason ReasonOfRefusal(ShedReason reason) {
  switch (reason) {
    case ShedReason::kQueueFull:
      return v1::QUEUE_FULL;
    case ShedReason::kDeadline:
      return v1::DEADLINE_TOO_SHORT;
    case ShedReason::kInFlight:
      return v1::TOO_MUCH_IN_FLIGHT;
    case ShedReason::kDraining:
      return v1::DRAINING;
  }
  return v1::ERROR_REASON_UNSPECIFIED;
}

// Where the code says it all.
v1::ErrorReason ReasonOfCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return v1::MALFORMED_REQUEST;
    case absl::StatusCode::kResourceExhausted:
      return v1::TOO_MUCH_IN_FLIGHT;
    case absl::StatusCode::kUnavailable:
      return v1::DRAINING;
    case absl::StatusCode::kDeadlineExceeded:
      return v1::DEADLINE_PASSED;
    case absl::StatusCode::kCancelled:
      return v1::CALLER_LEFT;
    case absl::StatusCode::kUnauthenticated:
      return v1::BAD_TOKEN;
    case absl::StatusCode::kPermissionDenied:
      return v1::NOT_ALLOWED;
    case absl::StatusCode::kUnimplemented:
      return v1::UNKNOWN_METHOD;
    default:
      return v1::SERVER_FAULT;
  }
}

google::rpc::ErrorInfo InfoOf(v1::ErrorReason reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(v1::ErrorReason_Name(reason));
  info.set_domain(kErrorDomain);
  return info;
}

}  // namespace

absl::Status InvalidRequest(v1::ErrorReason reason, absl::string_view field,
                            absl::string_view message, const std::optional<MetLimit>& met) {
  absl::Status status = absl::InvalidArgumentError(message);
  google::rpc::ErrorInfo info = InfoOf(reason);
  if (met.has_value()) {
    (*info.mutable_metadata())["option"] = std::string(met->option);
    (*info.mutable_metadata())["limit"] = absl::StrCat(met->limit);
    (*info.mutable_metadata())["found"] = absl::StrCat(met->found);
  }
  SetDetail(info, &status);
  if (!field.empty()) {
    google::rpc::BadRequest bad;
    bad.add_field_violations()->set_field(std::string(field));
    bad.mutable_field_violations(0)->set_description(std::string(message));
    SetDetail(bad, &status);
  }
  return status;
}

absl::Status Draining() {
  return Refused(absl::StatusCode::kUnavailable,
                 {.reason = ShedReason::kDraining, .retry_delay = absl::ZeroDuration()},
                 "the server is draining: call another one, or this one again once it is back");
}

absl::Status WithReason(absl::Status status, v1::ErrorReason reason) {
  SetDetail(InfoOf(reason), &status);
  return status;
}

v1::ErrorReason ReasonOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  if (GetDetail(status, &info) && v1::ErrorReason_Parse(info.reason(), &reason)) return reason;
  const std::optional<Refusal> refusal = RefusalOf(status);
  return refusal.has_value() ? ReasonOfRefusal(refusal->reason) : ReasonOfCode(status.code());
}

std::optional<absl::Duration> RetryDelayOf(const absl::Status& status) {
  google::rpc::RetryInfo retry;
  if (GetDetail(status, &retry)) return ToAbsl(retry.retry_delay());
  if (const std::optional<Refusal> refusal = RefusalOf(status)) return refusal->retry_delay;
  if (absl::IsUnavailable(status)) return absl::ZeroDuration();
  return std::nullopt;
}

absl::Status Explained(absl::Status status) {
  if (status.ok()) return status;
  google::rpc::ErrorInfo info;
  if (!GetDetail(status, &info)) SetDetail(InfoOf(ReasonOf(status)), &status);
  if (const std::optional<absl::Duration> delay = RetryDelayOf(status)) {
    google::rpc::RetryInfo retry;
    SetDuration(*delay, retry.mutable_retry_delay());
    SetDetail(retry, &status);
  }
  return status;
}

grpc::Status ToCaller(const absl::Status& status) {
  const std::optional<Refusal> refusal = RefusalOf(status);
  if (!refusal.has_value()) return ToGrpcStatus(Explained(status));
  // Under overload most calls end here, and should cost next to nothing: the details go on their
  // way without being put on a status before.
  google::rpc::Status rpc;
  rpc.set_code(static_cast<int>(status.code()));
  rpc.set_message(std::string(status.message()));
  rpc.add_details()->PackFrom(InfoOf(ReasonOfRefusal(refusal->reason)));
  if (refusal->retry_delay.has_value()) {
    google::rpc::RetryInfo retry;
    SetDuration(*refusal->retry_delay, retry.mutable_retry_delay());
    rpc.add_details()->PackFrom(retry);
  }
  return {static_cast<grpc::StatusCode>(status.code()), rpc.message(), rpc.SerializeAsString()};
}

}  // namespace verdict
