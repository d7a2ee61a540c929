// What the log and gRPC's refusals tell Prometheus.
#ifndef VERDICT_SERVER_METRICS_LOG_METRICS_H_
#define VERDICT_SERVER_METRICS_LOG_METRICS_H_

#include <prometheus/metric_family.h>

#include <vector>

namespace verdict {

// Lines that the log lost, and calls and connections that gRPC refused by itself. Both are counted
// for the process, and read at every scrape. From any thread.
std::vector<prometheus::MetricFamily> CollectLogMetrics();

}  // namespace verdict

#endif  // VERDICT_SERVER_METRICS_LOG_METRICS_H_
