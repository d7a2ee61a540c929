// What metrics are made of: series in a registry, and the codes that their labels say.
#ifndef VERDICT_SERVER_METRICS_SERIES_H_
#define VERDICT_SERVER_METRICS_SERIES_H_

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/labels.h>
#include <prometheus/registry.h>

#include <array>
#include <cstddef>

#include "absl/status/status.h"

namespace verdict {

template <typename Enum>
constexpr size_t Index(Enum value) {
  return static_cast<size_t>(value);
}

// A series of the family `name`, which is made with `help` if there is none yet. Lives as long as
// `registry`.
prometheus::Counter& AddCounter(prometheus::Registry& registry, const char* name, const char* help,
                                const prometheus::Labels& labels = {});
prometheus::Gauge& AddGauge(prometheus::Registry& registry, const char* name, const char* help,
                            const prometheus::Labels& labels = {});

// A family of histograms, which differ in one label, or a single one without labels.
struct HistogramFamily {
  const char* name;
  const char* help;
  const prometheus::Histogram::BucketBoundaries& buckets;

  prometheus::Histogram& Add(prometheus::Registry& registry,
                             const prometheus::Labels& labels = {}) const;
};

// From a millisecond on, and dense between 5 and 50 ms, where the latency of a DistilBERT on CPUs
// lies, so that a quantile interpolated from them means something; up to 5 s for overload.
inline const prometheus::Histogram::BucketBoundaries kSecondsBuckets = {
    .001, .0025, .005, .0075, .01, .015, .02, .03, .04, .05,
    .075, .1,    .15,  .2,    .3,  .5,   .75, 1,   2.5, 5};

// The codes that the contract knows, UNAUTHENTICATED of a bad token, and UNIMPLEMENTED, the
// library's own answer. Their series exist from the start, as rate() does not see the step from no
// series to 1.
inline constexpr std::array<absl::StatusCode, 9> kKnownCodes = {
    absl::StatusCode::kOk,
    absl::StatusCode::kCancelled,
    absl::StatusCode::kInvalidArgument,
    absl::StatusCode::kDeadlineExceeded,
    absl::StatusCode::kResourceExhausted,
    absl::StatusCode::kUnauthenticated,
    absl::StatusCode::kUnimplemented,
    absl::StatusCode::kInternal,
    absl::StatusCode::kUnavailable,
};

inline constexpr size_t kCodes = 17;  // absl::StatusCode kOk to kUnauthenticated

// The number of `code`; kUnknown's for one that there is not.
constexpr size_t CodeIndex(absl::StatusCode code) {
  return Index(code) < kCodes ? Index(code) : Index(absl::StatusCode::kUnknown);
}

// What labels say for the code of this number: "InvalidArgument".
const char* CodeName(size_t code);

}  // namespace verdict

#endif  // VERDICT_SERVER_METRICS_SERIES_H_
