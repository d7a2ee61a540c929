// The calls of the gRPC service, as all gRPC servers count them: grpc_server_*.
#ifndef VERDICT_SERVER_METRICS_CALL_METRICS_H_
#define VERDICT_SERVER_METRICS_CALL_METRICS_H_

#include <prometheus/client_metric.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <array>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/metrics/metric_labels.h"
#include "server/metrics/open_metrics/exemplars.h"
#include "server/metrics/series.h"

namespace verdict {

// All methods may be called from any thread.
class CallMetrics {
 public:
  // The series are `registry`'s, which outlives this.
  explicit CallMetrics(prometheus::Registry* registry);

  // One call: Started when it arrives, Handled exactly once when its status is sent. `code` has
  // gRPC's own numbers: static_cast from grpc::StatusCode is right. `trace_id` is that of a trace
  // which somebody records, else empty.
  void Started(Method method);
  void Handled(Method method, absl::StatusCode code, absl::Duration handling,
               std::string trace_id = "");

  // Those of grpc_server_handling_seconds, for ExemplarsOf.
  const Exemplars* ExemplarsOf(const prometheus::MetricFamily& family,
                               const prometheus::ClientMetric& metric) const;

  // A call of a method that there is not; its name is the caller's choice, and no label.
  void CountUnknownMethod();

  // Its messages: one each way in a unary call that succeeds, any number in a stream.
  void MessageReceived(Method method);
  void MessageSent(Method method);

 private:
  // What one method has.
  struct Call {
    prometheus::Counter* started = nullptr;
    std::array<prometheus::Counter*, kCodes> handled = {};  // none for codes that we never give
    prometheus::Histogram* handling_seconds = nullptr;
    prometheus::Counter* received = nullptr;
    prometheus::Counter* sent = nullptr;
    Exemplars exemplars{kSecondsBuckets};
  };

  void AddCall(prometheus::Registry& registry, Method method);

  prometheus::Family<prometheus::Counter>& handled_;
  std::array<Call, kAllMethods.size()> calls_;
  prometheus::Counter* unknown_started_ = nullptr;
  prometheus::Counter* unknown_handled_ = nullptr;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_METRICS_CALL_METRICS_H_
