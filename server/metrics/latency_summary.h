// How long one stage takes, as a summary of Prometheus.
#ifndef VERDICT_SERVER_METRICS_LATENCY_SUMMARY_H_
#define VERDICT_SERVER_METRICS_LATENCY_SUMMARY_H_

#include <prometheus/client_metric.h>

#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/metrics/rolling_window.h"

namespace verdict {

// Quantiles of the last minute, and count and sum since the start. Quantiles are computed when
// somebody asks, not when something is observed: prometheus::Summary does the latter and takes 5 us
// an observation, 19 us from two threads.
//
// All methods may be called from any thread. What time it is, is an argument as in RollingWindow.
class LatencySummary {
 public:
  void Observe(absl::Time now, absl::Duration duration) ABSL_LOCKS_EXCLUDED(mutex_);

  // For `quantiles` see RollingWindow; NaN when nothing was observed in the last minute.
  prometheus::ClientMetric::Summary Collect(absl::Time now,
                                            const std::vector<double>& quantiles) const
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  mutable absl::Mutex mutex_;
  RollingWindow window_ ABSL_GUARDED_BY(mutex_);
  uint64_t count_ ABSL_GUARDED_BY(mutex_) = 0;
  double sum_seconds_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_METRICS_LATENCY_SUMMARY_H_
