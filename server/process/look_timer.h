// When to look at a file again.
#ifndef VERDICT_SERVER_PROCESS_LOOK_TIMER_H_
#define VERDICT_SERVER_PROCESS_LOOK_TIMER_H_

#include "absl/time/time.h"

namespace verdict {

// Due once a second by the steady clock. One thread at a time may call it.
class LookTimer {
 public:
  // The file was looked at at `now`.
  explicit LookTimer(absl::Time now) : last_(now) {}

  // Whether to look now; if so, that counts as done.
  bool Due(absl::Time now) {
    if (now - last_ < absl::Seconds(1)) return false;
    last_ = now;
    return true;
  }

 private:
  absl::Time last_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_PROCESS_LOOK_TIMER_H_
