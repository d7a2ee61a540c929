// absl::Notification with a timeout that no step of the wall clock stretches.
#ifndef VERDICT_LATENCY_STEADY_NOTIFICATION_H_
#define VERDICT_LATENCY_STEADY_NOTIFICATION_H_

#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"

namespace verdict {

// Something that happens once. All methods may be called from any thread.
class SteadyNotification {
 public:
  SteadyNotification() = default;

  SteadyNotification(const SteadyNotification&) = delete;
  SteadyNotification& operator=(const SteadyNotification&) = delete;

  // It has happened; a second time changes nothing.
  void Notify();

  bool HasBeenNotified() const;

  // Waits for it, for at most `timeout`; whether it has happened.
  bool WaitFor(absl::Duration timeout) const;

 private:
  // Not absl's, whose timed waits follow the wall clock.
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool notified_ = false;  // guarded by mutex_
};

}  // namespace verdict

#endif  // VERDICT_LATENCY_STEADY_NOTIFICATION_H_
