#include "client/load/call.h"

namespace verdict {

void EndedCalls::Push(LoadCall* call) {
  const std::lock_guard lock(mutex_);
  calls_.push_back(call);
  if (for_a_call_) ended_.notify_one();
}

void EndedCalls::Wait(absl::Duration timeout, bool for_a_call) {
  std::unique_lock lock(mutex_);
  for_a_call_ = for_a_call;
  const auto awaited = [this] { return for_a_call_ && !calls_.empty(); };
  ended_.wait_for(lock, absl::ToChronoNanoseconds(timeout), awaited);
  for_a_call_ = false;
}

void EndedCalls::Take(std::vector<LoadCall*>* calls) {
  const std::lock_guard lock(mutex_);
  calls->swap(calls_);
}

}  // namespace verdict
