#include "server/open_calls.h"

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

}  // namespace verdict
