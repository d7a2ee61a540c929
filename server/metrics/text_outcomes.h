// What every text came to: verdict_texts_total{model,method,code,caller}.
#ifndef VERDICT_SERVER_METRICS_TEXT_OUTCOMES_H_
#define VERDICT_SERVER_METRICS_TEXT_OUTCOMES_H_

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "server/metrics/metric_labels.h"
#include "server/metrics/named_caller.h"
#include "server/metrics/series.h"

namespace verdict {

// A text counts once, wherever it came in: alone, in a batch or in a stream. The service level
// stands on texts, since a batch or a stream of failed texts ends with OK. Texts of callers without
// a name have no label `caller`. All methods may be called from any thread.
class TextOutcomes {
 public:
  // The series are `registry`'s, which outlives this.
  TextOutcomes(prometheus::Registry* registry, const std::string& model);

  // Makes the series of `caller`, since rate() does not see the step from no series to 1. What it
  // brings before counts as without a name.
  void Add(const NamedCaller& caller) ABSL_LOCKS_EXCLUDED(mutex_);

  // `texts` texts of `caller` that came by `method`, one of kTextMethods, ended with `code`.
  void Count(const NamedCaller& caller, Method method, absl::StatusCode code, int64_t texts = 1);

 private:
  // Of one caller; none for codes that we never give.
  using Counters =
      std::array<std::array<std::atomic<prometheus::Counter*>, kCodes>, kAllMethods.size()>;

  prometheus::Counter& AddSeries(const NamedCaller& caller, Method method, size_t code);

  const std::string model_;
  prometheus::Family<prometheus::Counter>& family_;
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Counters>> owned_ ABSL_GUARDED_BY(mutex_);
  std::array<std::atomic<Counters*>, kMostCallers> counters_ = {};  // by the caller's index
};

}  // namespace verdict

#endif  // VERDICT_SERVER_METRICS_TEXT_OUTCOMES_H_
