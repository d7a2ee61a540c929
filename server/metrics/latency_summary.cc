#include "server/metrics/latency_summary.h"

#include <cstddef>

namespace verdict {

void LatencySummary::Observe(absl::Time now, absl::Duration duration) {
  const double seconds = absl::ToDoubleSeconds(duration);
  absl::MutexLock lock(&mutex_);
  window_.Observe(now, duration);
  ++count_;
  sum_seconds_ += seconds;
}

prometheus::ClientMetric::Summary LatencySummary::Collect(
    absl::Time now, const std::vector<double>& quantiles) const {
  prometheus::ClientMetric::Summary summary;
  absl::MutexLock lock(&mutex_);
  summary.sample_count = count_;
  summary.sample_sum = sum_seconds_;
  const std::vector<double> values = window_.QuantilesInSeconds(now, quantiles);
  for (size_t i = 0; i < quantiles.size(); ++i) {
    summary.quantile.push_back({quantiles[i], values[i]});
  }
  return summary;
}

}  // namespace verdict
