#include "client/retry_policy.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"

namespace verdict {
namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(100);
constexpr absl::Duration kMostBackoff = absl::Seconds(1);
constexpr double kJitter = 0.25;  // of a pause

// The codes that a call gets whose server or connection ends under it. UNAVAILABLE: a server that
// drains, a connection that was refused or cut, as by SIGKILL. CANCELLED: what reaches gRPC after
// its shutdown has begun; nobody cancels our calls but the server.
bool IsOfADyingServer(absl::StatusCode code) {
  return code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kCancelled;
}

absl::Duration Backoff(int attempt, double random) {
  if (attempt == 1) return absl::ZeroDuration();
  const absl::Duration longest = std::min(kFirstBackoff * std::pow(2, attempt - 2), kMostBackoff);
  return longest * (1 - kJitter + 2 * kJitter * random);
}

// As gRPC understands it: what is no number, or a negative one, forbids another attempt.
std::optional<absl::Duration> Pushback(absl::string_view text, double random) {
  int milliseconds = 0;
  if (!absl::SimpleAtoi(text, &milliseconds) || milliseconds < 0) return std::nullopt;
  return absl::Milliseconds(milliseconds) * (1 + kJitter * random);
}

}  // namespace

std::optional<absl::Duration> RetryPolicy::AfterFailure(const FailedAttempt& failed,
                                                        double random) {
  const bool refused = failed.code == absl::StatusCode::kResourceExhausted;
  if (failed.number >= attempts_ || !(refused || IsOfADyingServer(failed.code))) {
    return std::nullopt;
  }
  const bool asked = refused || !failed.pushback_ms.empty();
  const std::optional<absl::Duration> pause =
      asked ? Pushback(failed.pushback_ms, random) : Backoff(failed.number, random);
  if (!pause.has_value() || *pause >= failed.remaining) return std::nullopt;
  return Pay(refused ? kRefusedPrice : kLostPrice) ? pause : std::nullopt;
}

void RetryPolicy::AfterSuccess() {
  const absl::MutexLock lock(&mutex_);
  budget_ = std::min(budget_ + 1, kFullBudget);
}

bool RetryPolicy::Pay(int price) {
  const absl::MutexLock lock(&mutex_);
  if (budget_ < price) return false;
  budget_ -= price;
  return true;
}

}  // namespace verdict
