#include "server/forecast.h"

#include <algorithm>

namespace verdict {
namespace {

// An estimate is of some batches, whose times vary by several percent on a machine that is shared.
// Taking too much wastes nothing that could be used (the queue ends what will be late) but lets its
// callers wait in vain; taking too little leaves the engine idle only if less than a batch waits.
// So a tenth is added, and for the reply's way to its caller a millisecond.
constexpr double kEstimateMargin = 1.1;
constexpr absl::Duration kReplyMargin = absl::Milliseconds(1);

constexpr absl::Duration kLeastPushback = absl::Milliseconds(10);
constexpr absl::Duration kMostPushback = absl::Seconds(10);
// While the rate is unknown.
constexpr absl::Duration kUsualPushback = absl::Seconds(1);

}  // namespace

void Forecast::BatchStarted(int64_t tokens, absl::Time now) {
  batch_tokens_ = tokens;
  batch_start_ = now;
}

void Forecast::BatchDone(bool computed, absl::Time now) {
  if (computed) rate_.Observe(batch_tokens_, now - batch_start_);
  batch_tokens_ = 0;
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

absl::Duration Forecast::Pushback(EngineWork waiting, absl::Time now) const {
  if (rate_.unknown()) return kUsualPushback;
  return std::clamp(TimeUntilDone(waiting, now), kLeastPushback, kMostPushback);
}

}  // namespace verdict
