#include "latency/steady_notification.h"

namespace verdict {

void SteadyNotification::Notify() {
  const std::lock_guard lock(mutex_);
  notified_ = true;
  changed_.notify_all();
}

bool SteadyNotification::HasBeenNotified() const {
  const std::lock_guard lock(mutex_);
  return notified_;
}

bool SteadyNotification::WaitFor(absl::Duration timeout) const {
  std::unique_lock lock(mutex_);
  // wait_for measures by the steady clock.
  return changed_.wait_for(lock, absl::ToChronoNanoseconds(timeout), [this] { return notified_; });
}

}  // namespace verdict
