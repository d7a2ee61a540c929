// When a call that failed is worth another attempt.
#ifndef VERDICT_CLIENT_RETRY_POLICY_H_
#define VERDICT_CLIENT_RETRY_POLICY_H_

#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace verdict {

// What an attempt of a call came to.
struct FailedAttempt {
  int number = 1;  // of the attempt, from 1
  absl::StatusCode code = absl::StatusCode::kUnavailable;
  // What the server said of when to ask again (`grpc-retry-pushback-ms`), empty if nothing.
  absl::string_view pushback_ms = "";
  // Until the call's deadline.
  absl::Duration remaining = absl::InfiniteDuration();
};

// The policy of one client. All calls of verdict.v1 may be repeated, since they change nothing.
//
// * A server that goes away is no reason to wait: the next attempt, which another one gets, follows
//   at once. Later ones wait 100 ms, 200 ms, ... up to a second, jittered.
// * RESOURCE_EXHAUSTED is tried again only after the time that the server asks for, and somewhat
//   more, so that those who were refused together do not come back together; never if it asks for
//   none, as with a message that is too large.
// * Nothing is tried again that would begin after the deadline, or when the server forbids it by a
//   negative pushback: it cannot do the work before the deadline even when idle.
// * Retries are paid from a budget that successes fill, so that they cannot feed an overload. In
//   the long run, ten calls that are answered pay for one retry of a call that was refused, or for
//   ten of calls that were lost.
//
// Thread-safe. Without threads, clock and randomness of its own.
class RetryPolicy {
 public:
  // Each success earns 1. A full budget repeats what 1,000 calls in flight lose with a server.
  static constexpr int kFullBudget = 1000;
  static constexpr int kLostPrice = 1;
  static constexpr int kRefusedPrice = 10;

  explicit RetryPolicy(int attempts) : attempts_(attempts) {}

  // How long to wait before the next attempt; nothing if the failure is the call's answer.
  // `random` is from [0, 1).
  std::optional<absl::Duration> AfterFailure(const FailedAttempt& failed, double random);

  void AfterSuccess();

 private:
  // Takes `price` from the budget if it is there.
  bool Pay(int price);

  const int attempts_;
  absl::Mutex mutex_;
  int budget_ ABSL_GUARDED_BY(mutex_) = kFullBudget;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_RETRY_POLICY_H_
