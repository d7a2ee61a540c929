#include "server/metrics/call_metrics.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/time/clock.h"

namespace verdict {
namespace {

using prometheus::Labels;

constexpr char kService[] = "verdict.v1.Classifier";

Labels CallLabels(Method method) {
  return {{"grpc_type", method == Method::kClassifyStream ? "bidi_stream" : "unary"},
          {"grpc_service", kService},
          {"grpc_method", LabelValue(method)}};
}

Labels HandledLabels(Method method, size_t code) {
  Labels labels = CallLabels(method);
  labels["grpc_code"] = CodeName(code);
  return labels;
}

constexpr char kHandlingSeconds[] = "grpc_server_handling_seconds";
constexpr char kStarted[] = "grpc_server_started_total";
constexpr char kStartedHelp[] = "Total number of RPCs started on the server.";

}  // namespace

CallMetrics::CallMetrics(prometheus::Registry* registry)
    : handled_(prometheus::BuildCounter()
                   .Name("grpc_server_handled_total")
                   .Help("Total number of RPCs completed on the server, regardless of success or "
                         "failure.")
                   .Register(*registry)) {
  for (Method method : kAllMethods) AddCall(*registry, method);
  Labels labels = {{"grpc_type", "unary"}, {"grpc_service", "unknown"}, {"grpc_method", "unknown"}};
  unknown_started_ = &AddCounter(*registry, kStarted, kStartedHelp, labels);
  labels["grpc_code"] = CodeName(Index(absl::StatusCode::kUnimplemented));
  unknown_handled_ = &handled_.Add(labels);
}

void CallMetrics::AddCall(prometheus::Registry& registry, Method method) {
  const HistogramFamily handling = {
      kHandlingSeconds,
      "Histogram of response latency (seconds) of gRPC that had been application-level handled by "
      "the server.",
      kSecondsBuckets};
  const Labels labels = CallLabels(method);
  Call& call = calls_[Index(method)];
  call.started = &AddCounter(registry, kStarted, kStartedHelp, labels);
  for (absl::StatusCode code : kKnownCodes) {
    call.handled[Index(code)] = &handled_.Add(HandledLabels(method, Index(code)));
  }
  call.handling_seconds = &handling.Add(registry, labels);
  call.received =
      &AddCounter(registry, "grpc_server_msg_received_total",
                  "Total number of RPC stream messages received on the server.", labels);
  call.sent = &AddCounter(registry, "grpc_server_msg_sent_total",
                          "Total number of gRPC stream messages sent by the server.", labels);
}

void CallMetrics::Started(Method method) { calls_[Index(method)].started->Increment(); }

void CallMetrics::Handled(Method method, absl::StatusCode code, absl::Duration handling,
                          std::string trace_id) {
  Call& call = calls_[Index(method)];
  const size_t index = CodeIndex(code);
  if (prometheus::Counter* handled = call.handled[index]; handled != nullptr) {
    handled->Increment();
  } else {
    handled_.Add(HandledLabels(method, index)).Increment();
  }
  const double seconds = absl::ToDoubleSeconds(handling);
  call.handling_seconds->Observe(seconds);
  if (trace_id.empty()) return;
  call.exemplars.Note({.trace_id = std::move(trace_id), .value = seconds, .time = absl::Now()});
}

const Exemplars* CallMetrics::ExemplarsOf(const prometheus::MetricFamily& family,
                                          const prometheus::ClientMetric& metric) const {
  if (family.name != kHandlingSeconds) return nullptr;
  for (const Method method : kAllMethods) {
    const prometheus::ClientMetric::Label label = {"grpc_method", LabelValue(method)};
    if (absl::c_linear_search(metric.label, label)) return &calls_[Index(method)].exemplars;
  }
  return nullptr;
}

void CallMetrics::CountUnknownMethod() {
  unknown_started_->Increment();
  unknown_handled_->Increment();
}

void CallMetrics::MessageReceived(Method method) { calls_[Index(method)].received->Increment(); }

void CallMetrics::MessageSent(Method method) { calls_[Index(method)].sent->Increment(); }

}  // namespace verdict
