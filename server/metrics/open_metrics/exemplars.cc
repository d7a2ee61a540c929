#include "server/metrics/open_metrics/exemplars.h"

#include <algorithm>
#include <utility>

namespace verdict {

Exemplars::Exemplars(prometheus::Histogram::BucketBoundaries bounds)
    : bounds_(std::move(bounds)), latest_(bounds_.size() + 1) {}

void Exemplars::Note(Exemplar exemplar) {
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), exemplar.value);
  const auto index = static_cast<size_t>(bucket - bounds_.begin());
  absl::MutexLock lock(&mutex_);
  latest_[index] = std::move(exemplar);
}

std::vector<std::optional<Exemplar>> Exemplars::Latest() const {
  absl::MutexLock lock(&mutex_);
  return latest_;
}

}  // namespace verdict
