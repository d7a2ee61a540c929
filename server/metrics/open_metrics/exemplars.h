// Single calls beside the buckets of a histogram, by the ids of their traces.
#ifndef VERDICT_SERVER_METRICS_OPEN_METRICS_EXEMPLARS_H_
#define VERDICT_SERVER_METRICS_OPEN_METRICS_EXEMPLARS_H_

#include <prometheus/histogram.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace verdict {

// One observation of a histogram, and the trace that tells the rest of it.
struct Exemplar {
  std::string trace_id;  // 32 hexadecimal digits
  double value = 0;
  absl::Time time;  // by the wall clock, as the store of traces has it
};

// The latest exemplar of each bucket. All methods may be called from any thread.
class Exemplars {
 public:
  // Those of a histogram with `bounds`; the last bucket has none.
  explicit Exemplars(prometheus::Histogram::BucketBoundaries bounds);

  void Note(Exemplar exemplar) ABSL_LOCKS_EXCLUDED(mutex_);

  // By bucket.
  std::vector<std::optional<Exemplar>> Latest() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const prometheus::Histogram::BucketBoundaries bounds_;
  mutable absl::Mutex mutex_;
  std::vector<std::optional<Exemplar>> latest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace verdict

#endif  // VERDICT_SERVER_METRICS_OPEN_METRICS_EXEMPLARS_H_
