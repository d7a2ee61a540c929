#include "server/open_calls.h"

#include "latency/steady_clock.h"

namespace verdict {

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
  LookUntil([this] { return accepted_ == 0; }, deadline);
}

void OpenCalls::AwaitQuiet(absl::Duration quiet, absl::Time deadline) const {
  int64_t arrived = arrived_;
  absl::Time end = SteadyNow() + quiet;
  const auto is_quiet = [&] {
    const absl::Time now = SteadyNow();
    if (arrived_ != arrived) {
      arrived = arrived_;
      end = now + quiet;
    }
    return now >= end;
  };
  LookUntil(is_quiet, deadline);
}

}  // namespace verdict
