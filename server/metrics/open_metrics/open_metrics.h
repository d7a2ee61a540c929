// Metrics as OpenMetrics 1.0 has them, which unlike Prometheus's older format knows exemplars:
// https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
#ifndef VERDICT_SERVER_METRICS_OPEN_METRICS_OPEN_METRICS_H_
#define VERDICT_SERVER_METRICS_OPEN_METRICS_OPEN_METRICS_H_

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "server/metrics/open_metrics/exemplars.h"

namespace verdict {

// Those of a histogram's series; null if it has none.
using ExemplarsOf = absl::FunctionRef<const Exemplars*(const prometheus::MetricFamily& family,
                                                       const prometheus::ClientMetric& metric)>;

// The page, up to its `# EOF`. prometheus-cpp writes the older format alone. REQUIRES: a counter's
// name ends in `_total`.
std::string OpenMetricsPage(const std::vector<prometheus::MetricFamily>& families,
                            ExemplarsOf exemplars_of);

inline constexpr char kOpenMetricsType[] =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

}  // namespace verdict

#endif  // VERDICT_SERVER_METRICS_OPEN_METRICS_OPEN_METRICS_H_
