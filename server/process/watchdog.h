// Notices when the engine makes no progress although the process answers.
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

// A thread that looks at the engine every second, and logs when it stops making progress and when
// it goes on.
class Watchdog {
 public:
  // `stalled` says for how long the engine has made no progress although it has work. It is called
  // from this thread.
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
