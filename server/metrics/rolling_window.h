// The latencies of the last minute, and their quantiles.
#ifndef VERDICT_SERVER_METRICS_ROLLING_WINDOW_H_
#define VERDICT_SERVER_METRICS_ROLLING_WINDOW_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "latency/histogram.h"

namespace verdict {

// A LatencyHistogram over a sliding minute: a ring of slots of five seconds, each of which is
// cleared when its time comes again. The window therefore covers between 60 and 65 seconds. Memory
// is fixed at 124 KB, allocated at once.
//
// Policy only: no locks, no clock. Not thread-safe.
class RollingWindow {
 public:
  RollingWindow();

  // Adds one duration; a negative one counts as zero, one above 73 minutes as that. A `now`
  // before the newest one seen counts as the newest: threads may arrive out of order.
  void Observe(absl::Time now, absl::Duration duration);

  // For each of `quantiles` (in (0, 1]) the smallest duration that so large a part of the window's
  // durations do not exceed; all NaN, in seconds, when the window is empty.
  std::vector<double> QuantilesInSeconds(absl::Time now,
                                         const std::vector<double>& quantiles) const;

 private:
  static constexpr int64_t kSlotSeconds = 5;
  static constexpr int64_t kSlots = 60 / kSlotSeconds + 1;  // the newest one is still filling

  // Clears the slots whose time has come again.
  void Advance(absl::Time now);

  int64_t newest_slot_ = 0;  // counted in kSlotSeconds from the Unix epoch
  std::vector<LatencyHistogram> slots_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_METRICS_ROLLING_WINDOW_H_
