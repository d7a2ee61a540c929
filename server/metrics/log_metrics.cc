#include "server/metrics/log_metrics.h"

#include <cstdint>
#include <string>

#include "server/log/grpc_refusals.h"
#include "server/log/log.h"

namespace verdict {
namespace {

prometheus::MetricFamily Counters(const char* name, const char* help) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = prometheus::MetricType::Counter;
  return family;
}

void Add(const char* reason, uint64_t count, prometheus::MetricFamily* family) {
  prometheus::ClientMetric& metric = family->metric.emplace_back();
  metric.label = {{"reason", reason}};
  metric.counter.value = static_cast<double>(count);
}

}  // namespace

std::vector<prometheus::MetricFamily> CollectLogMetrics() {
  prometheus::MetricFamily lines = Counters(
      "verdict_log_lines_dropped_total",
      "Lines that the log lacks: more than ten a second that callers caused (limit), or nobody "
      "read it (unread).");
  const DroppedLines dropped = LinesDropped();
  Add("limit", dropped.limit, &lines);
  Add("unread", dropped.unread, &lines);

  prometheus::MetricFamily refused =
      Counters("verdict_grpc_refused_total",
               "Calls and connections that gRPC refused before any handler saw them.");
  for (const GrpcRefusal reason : kAllGrpcRefusals) {
    Add(LabelValue(reason), GrpcRefusals(reason), &refused);
  }
  return {lines, refused};
}

}  // namespace verdict
