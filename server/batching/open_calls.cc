#include "server/batching/open_calls.h"

#include "server/contract/error_reason.h"

namespace verdict {

OpenCalls::Place::Place(OpenCalls* calls) : calls_(calls), accepted_(!calls->draining_) {
  ++calls_->arrived_;
  if (accepted_) ++calls_->accepted_;
}

OpenCalls::Place::~Place() {
  if (accepted_) --calls_->accepted_;
}

absl::Status OpenCalls::CheckOpen() const { return draining_ ? Draining() : absl::OkStatus(); }

}  // namespace verdict
