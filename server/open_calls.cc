#include "server/open_calls.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace verdict {
namespace {

// Those who wait look so often, as a call that arrives or ends has better to do than to wake them.
constexpr absl::Duration kLookEvery = absl::Milliseconds(5);

}  // namespace

OpenCalls::Place::Place(OpenCalls* calls) : calls_(calls), accepted_(!calls->draining_) {
  ++calls_->arrived_;
  if (accepted_) ++calls_->accepted_;
}

OpenCalls::Place::~Place() {
  if (accepted_) --calls_->accepted_;
}

absl::Status OpenCalls::CheckOpen() const {
  return draining_ ? absl::UnavailableError("the server is draining") : absl::OkStatus();
}

void OpenCalls::AwaitAccepted(absl::Time deadline) const {
  for (absl::Time now; accepted_ > 0 && (now = absl::Now()) < deadline;) {
    absl::SleepFor(std::min(kLookEvery, deadline - now));
  }
}

void OpenCalls::AwaitQuiet(absl::Duration quiet, absl::Time deadline) const {
  int64_t arrived = arrived_;
  absl::Time end = absl::Now() + quiet;
  for (absl::Time now; (now = absl::Now()) < std::min(end, deadline);) {
    absl::SleepFor(std::min(kLookEvery, std::min(end, deadline) - now));
    if (arrived_ == arrived) continue;
    arrived = arrived_;
    end = absl::Now() + quiet;
  }
}

}  // namespace verdict
