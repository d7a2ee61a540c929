// What every text came to: verdict_texts_total{model,method,code}.
#ifndef VERDICT_SERVER_METRICS_TEXT_OUTCOMES_H_
#define VERDICT_SERVER_METRICS_TEXT_OUTCOMES_H_

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/registry.h>

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "server/metrics/metric_labels.h"
#include "server/metrics/series.h"

namespace verdict {

// A text counts once, wherever it came in: alone, in a batch or in a stream. The service level
// stands on texts, since a batch or a stream of failed texts ends with OK. All methods may be
// called from any thread.
class TextOutcomes {
 public:
  // The series are `registry`'s, which outlives this.
  TextOutcomes(prometheus::Registry* registry, const std::string& model);

  // `texts` texts that came by `method`, one of kTextMethods, ended with `code`.
  void Count(Method method, absl::StatusCode code, int64_t texts = 1);

 private:
  prometheus::Labels LabelsOf(Method method, size_t code) const;

  const std::string model_;
  prometheus::Family<prometheus::Counter>& family_;
  // None for codes that we never give.
  std::array<std::array<prometheus::Counter*, kCodes>, kAllMethods.size()> counters_ = {};
};

}  // namespace verdict

#endif  // VERDICT_SERVER_METRICS_TEXT_OUTCOMES_H_
