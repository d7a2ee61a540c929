#include "client/load/call.h"

namespace verdict {

void EndedCalls::Push(LoadCall* call) {
  absl::MutexLock lock(&mutex_);
  calls_.push_back(call);
}

void EndedCalls::Wait(absl::Duration timeout, bool for_a_call) {
  absl::MutexLock lock(&mutex_);
  for_a_call_ = for_a_call;
  mutex_.AwaitWithTimeout(absl::Condition(this, &EndedCalls::Awaited), timeout);
  for_a_call_ = false;
}

void EndedCalls::Take(std::vector<LoadCall*>* calls) {
  absl::MutexLock lock(&mutex_);
  calls->swap(calls_);
}

}  // namespace verdict
