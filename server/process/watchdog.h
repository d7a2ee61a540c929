// Sees when the server looks alive and is not.
#ifndef VERDICT_SERVER_PROCESS_WATCHDOG_H_
#define VERDICT_SERVER_PROCESS_WATCHDOG_H_

#include <functional>
#include <thread>

#include "absl/time/time.h"
#include "latency/steady_notification.h"

namespace verdict {

// How long the engine may work on one batch, or leave texts that wait alone, until it counts as
// stuck: /healthz says so then, and whoever restarts servers restarts this one.
inline constexpr absl::Duration kEnginePatience = absl::Seconds(30);

// A thread that looks after the engine every second, and says in the log when it does not move and
// when it does again.
class Watchdog {
 public:
  // `stalled` says for how long the engine has not moved though it has work; it is called from the
  // thread.
  explicit Watchdog(std::function<absl::Duration()> stalled);
  ~Watchdog();

  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void Watch();
  void LookAtEngine(bool* stuck);

  const std::function<absl::Duration()> stalled_;
  SteadyNotification stopped_;
  std::thread thread_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_PROCESS_WATCHDOG_H_
