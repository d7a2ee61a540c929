// Why a call or a text failed, in words that a program can read.
#ifndef VERDICT_SERVER_CONTRACT_ERROR_REASON_H_
#define VERDICT_SERVER_CONTRACT_ERROR_REASON_H_

#include <grpcpp/support/status.h>

#include <cstddef>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

// The namespace of the reasons: google.rpc.ErrorInfo's `domain`.
inline constexpr char kErrorDomain[] = "verdict.v1";

// The limit that was met, by the option that sets it.
struct MetLimit {
  absl::string_view option;
  size_t limit = 0;
  size_t found = 0;  // what the request has
};

// INVALID_ARGUMENT with its reason. `field` is the path of what is wrong, such as "inputs[3].text";
// empty: the request as a whole.
absl::Status InvalidRequest(v1::ErrorReason reason, absl::string_view field,
                            absl::string_view message,
                            const std::optional<MetLimit>& met = std::nullopt);

// UNAVAILABLE: the server is going away, and takes no new work.
absl::Status Draining();

// `status` with `reason` instead of its code's default. REQUIRES: it is not OK.
absl::Status WithReason(absl::Status status, v1::ErrorReason reason);

// The reason that was given, or that a Refusal (server/contract/refusal.h) has; else the default of
// its code.
v1::ErrorReason ReasonOf(const absl::Status& status);

// After which time another try can succeed: what the status or its Refusal says, and zero for a
// server that drains, since another one answers at once. nullopt: the same request would fail
// again.
std::optional<absl::Duration> RetryDelayOf(const absl::Status& status);

// `status` with the details for a caller's program: ErrorInfo always, RetryInfo if there is a
// RetryDelayOf. OK is returned as it is.
absl::Status Explained(absl::Status status);

// `status`, Explained, as it is sent to the caller.
grpc::Status ToCaller(const absl::Status& status);

}  // namespace verdict

#endif  // VERDICT_SERVER_CONTRACT_ERROR_REASON_H_
