// Durations, counted in log-linear buckets, and their quantiles.
#ifndef VERDICT_LATENCY_HISTOGRAM_H_
#define VERDICT_LATENCY_HISTOGRAM_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"

namespace verdict {

// A histogram with 64 buckets between a power of two and the next, so that a quantile is off by at
// most 1/128 of itself, from a nanosecond to 73 minutes. The count, the mean, the smallest and the
// largest are exact. Memory is fixed at 9.5 KB, allocated at once; an observation takes some
// nanoseconds.
//
// HdrHistogram works alike, but Debian packages no C++ one, and the part needed here is an index.
//
// Policy only: no locks, no clock. Not thread-safe: threads have one each, and add them up.
class LatencyHistogram {
 public:
  LatencyHistogram();

  // Adds one duration; a negative one counts as zero, one above 73 minutes as that. At most 2^32 -
  // 1 may fall into one bucket.
  void Observe(absl::Duration duration);

  // Adds everything that `other` has counted.
  void Add(const LatencyHistogram& other);

  // Forgets everything.
  void Clear();

  uint64_t count() const { return count_; }

  // The smallest duration that at least `quantile` (in (0, 1]) of all do not exceed. Like the other
  // three NaN when nothing was observed.
  double QuantileInSeconds(double quantile) const;
  double MinInSeconds() const;
  double MeanInSeconds() const;
  double MaxInSeconds() const;

 private:
  uint64_t count_ = 0;
  double sum_nanoseconds_ = 0;
  int64_t min_nanoseconds_ = 0;  // this and the next mean nothing while count_ is 0
  int64_t max_nanoseconds_ = 0;
  std::vector<uint32_t> buckets_;
};

}  // namespace verdict

#endif  // VERDICT_LATENCY_HISTOGRAM_H_
