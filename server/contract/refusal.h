// Why a valid request is refused, and when another try can succeed.
#ifndef VERDICT_SERVER_CONTRACT_REFUSAL_H_
#define VERDICT_SERVER_CONTRACT_REFUSAL_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/metrics/metric_labels.h"

namespace verdict {

// What a program needs to know of a refusal. It travels as a payload of the absl::Status to the
// code that writes the reply: a call's trailers, an item of a batch, a message of a stream.
struct Refusal {
  ShedReason reason = ShedReason::kQueueFull;
  // After this time the same request, with as long a time to its deadline as it had, is likely to
  // be taken. Not set: the server cannot do it in that time even when idle, so trying again is
  // pointless. Zero with kDraining: another server can take it at once.
  std::optional<absl::Duration> retry_delay;
};

// A status of `code` that says `message` and carries `refusal`. REQUIRES: `code` is not OK.
absl::Status Refused(absl::StatusCode code, const Refusal& refusal, absl::string_view message);

// What `status` carries; nothing if it is no refusal.
std::optional<Refusal> RefusalOf(const absl::Status& status);

}  // namespace verdict

#endif  // VERDICT_SERVER_CONTRACT_REFUSAL_H_
