#include "server/batching/forecast.h"

#include <algorithm>

namespace verdict {
namespace {

// An estimate is of some batches, whose times vary by several percent on a machine that is shared.
// Taking too much wastes nothing that could be used (the queue ends what will be late) but lets its
// callers wait in vain; taking too little leaves the engine idle only if less than a batch waits.
// So a tenth is added, and for the reply's way to its caller a millisecond.
constexpr double kEstimateMargin = 1.1;
constexpr absl::Duration kReplyMargin = absl::Milliseconds(1);

constexpr absl::Duration kLeastRetryDelay = absl::Milliseconds(10);
// While the rate is unknown.
constexpr absl::Duration kUsualRetryDelay = absl::Seconds(1);

}  // namespace

void Forecast::BatchStarted(int64_t tokens, absl::Time now) {
  batch_tokens_ = tokens;
  batch_start_ = now;
  computing_ = tokens > 0;
}

void Forecast::BatchDone(int64_t computed, absl::Time now) {
  rate_.Observe(computed, now - batch_start_);
  batch_tokens_ = 0;
  computing_ = false;
}

absl::Duration Forecast::TimeUntilDone(EngineWork work, absl::Time now) const {
  absl::Duration time = rate_.TimeFor(work);
  if (batch_tokens_ > 0) {
    const absl::Duration rest = rate_.TimeFor({batch_tokens_, 1}) - (now - batch_start_);
    time += std::max(rest, absl::ZeroDuration());
  }
  return time;
}

bool Forecast::InTime(EngineWork work, absl::Time deadline, absl::Time now) const {
  if (rate_.unknown()) return true;
  return now + TimeUntilDone(work, now) * kEstimateMargin + kReplyMargin <= deadline;
}

absl::Duration Forecast::RetryForRoom(EngineWork work, absl::Time now) const {
  if (rate_.unknown()) return kUsualRetryDelay;
  return std::max(TimeUntilDone(work, now), kLeastRetryDelay);
}

std::optional<absl::Duration> Forecast::RetryForTime(EngineWork work, EngineWork own,
                                                     absl::Duration timeout, absl::Time now) const {
  if (rate_.unknown()) return kUsualRetryDelay;
  if (rate_.TimeFor(own) > timeout) return std::nullopt;
  const absl::Duration most =
      std::max((timeout - kReplyMargin) / kEstimateMargin, rate_.TimeFor(own));
  return std::max(TimeUntilDone(work, now) - most, kLeastRetryDelay);
}

}  // namespace verdict
