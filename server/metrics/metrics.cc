#include "server/metrics/metrics.h"

#include <prometheus/text_serializer.h>

#include <chrono>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/metrics/log_metrics.h"

namespace verdict {
namespace {

using prometheus::Labels;

constexpr char kService[] = "verdict.v1.Classifier";

// Dense between 5 and 50 ms, where the latency of a DistilBERT on CPUs lies, so that a quantile
// interpolated from them means something; up to 5 s for overload.
const prometheus::Histogram::BucketBoundaries kSecondsBuckets = {
    .001, .0025, .005, .0075, .01, .015, .02, .03, .04, .05,
    .075, .1,    .15,  .2,    .3,  .5,   .75, 1,   2.5, 5};
// Powers of two, as batches grow by merging what waits.
const prometheus::Histogram::BucketBoundaries kTextsBuckets = {1, 2, 4, 8, 16, 32, 64, 128, 256};
const prometheus::Histogram::BucketBoundaries kTokensBuckets = {16,   32,   64,   128,  256,  512,
                                                                1024, 2048, 4096, 8192, 16384};

const std::vector<double> kQuantiles = {0.5, 0.9, 0.95, 0.99, 0.999};

// The codes that the contract knows, UNAUTHENTICATED of a bad token, and UNIMPLEMENTED, the
// library's own answer. Their series exist from the start, as rate() does not see the step from no
// series to 1.
constexpr std::array<absl::StatusCode, 9> kKnownCodes = {
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

// Spelt as the Go middleware does, which dashboards for grpc_server_handled_total expect.
constexpr std::array<const char*, 17> kCodeNames = {
    "OK",       "Canceled",        "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",   "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",      "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated",
};

#if defined(__clang__)
constexpr char kCompiler[] = "clang " __clang_version__;
#else
constexpr char kCompiler[] = "gcc " __VERSION__;
#endif

template <typename Enum>
constexpr size_t Index(Enum value) {
  return static_cast<size_t>(value);
}

Labels CallLabels(Method method) {
  return {{"grpc_type", method == Method::kClassifyStream ? "bidi_stream" : "unary"},
          {"grpc_service", kService},
          {"grpc_method", LabelValue(method)}};
}

prometheus::Counter& AddCounter(prometheus::Registry& registry, const char* name, const char* help,
                                const Labels& labels = {}) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(labels);
}

prometheus::Gauge& AddGauge(prometheus::Registry& registry, const char* name, const char* help,
                            const Labels& labels = {}) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels);
}

// A family of histograms, which differ in one label, or a single one without labels.
struct HistogramFamily {
  const char* name;
  const char* help;
  const prometheus::Histogram::BucketBoundaries& buckets;

  prometheus::Histogram& Add(prometheus::Registry& registry, const Labels& labels = {}) const {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add(labels,
                                                                                     buckets);
  }
};

Labels HandledLabels(Method method, size_t code) {
  Labels labels = CallLabels(method);
  labels["grpc_code"] = kCodeNames[code];
  return labels;
}

}  // namespace

Metrics::Metrics(const ServedModel& model, std::function<absl::Time()> clock)
    : clock_(std::move(clock)) {
  AddCalls();
  AddUnknownMethods();
  AddStages();
  AddQueue();
  AddEngine();
  AddTexts();
  AddInfo(model);
}

void Metrics::AddCalls() {
  const HistogramFamily handling = {
      "grpc_server_handling_seconds",
      "Histogram of response latency (seconds) of gRPC that had been application-level handled by "
      "the server.",
      kSecondsBuckets};
  handled_ =
      &prometheus::BuildCounter()
           .Name("grpc_server_handled_total")
           .Help("Total number of RPCs completed on the server, regardless of success or failure.")
           .Register(registry_);
  for (Method method : kAllMethods) {
    Call& call = calls_[Index(method)];
    call.started = &AddCounter(registry_, "grpc_server_started_total",
                               "Total number of RPCs started on the server.", CallLabels(method));
    for (absl::StatusCode code : kKnownCodes) {
      call.handled[Index(code)] = &handled_->Add(HandledLabels(method, Index(code)));
    }
    call.handling_seconds = &handling.Add(registry_, CallLabels(method));
    call.received = &AddCounter(registry_, "grpc_server_msg_received_total",
                                "Total number of RPC stream messages received on the server.",
                                CallLabels(method));
    call.sent =
        &AddCounter(registry_, "grpc_server_msg_sent_total",
                    "Total number of gRPC stream messages sent by the server.", CallLabels(method));
  }
}

void Metrics::AddUnknownMethods() {
  Labels labels = {{"grpc_type", "unary"}, {"grpc_service", "unknown"}, {"grpc_method", "unknown"}};
  unknown_started_ = &AddCounter(registry_, "grpc_server_started_total",
                                 "Total number of RPCs started on the server.", labels);
  labels["grpc_code"] = kCodeNames[Index(absl::StatusCode::kUnimplemented)];
  unknown_handled_ = &handled_->Add(labels);
}

void Metrics::AddStages() {
  const HistogramFamily duration = {"verdict_stage_duration_seconds",
                                    "Time that a text spent in a stage.", kSecondsBuckets};
  for (Stage stage : kAllStages) {
    if (stage == Stage::kTotal) continue;
    const Labels labels = {{"stage", LabelValue(stage)}};
    stage_seconds_[Index(stage)] = &duration.Add(registry_, labels);
    expired_[Index(stage)] =
        &AddCounter(registry_, "verdict_expired_total",
                    "Texts whose deadline passed, by the stage in which it did.", labels);
  }
}

void Metrics::AddQueue() {
  queue_texts_ = &AddGauge(registry_, "verdict_queue_texts", "Texts that wait for a batch.");
  queue_tokens_ = &AddGauge(registry_, "verdict_queue_tokens", "Tokens that wait for a batch.");
  queue_tokens_limit_ =
      &AddGauge(registry_, "verdict_queue_tokens_limit", "The most tokens that may wait.");
  queue_oldest_seconds_ =
      &AddGauge(registry_, "verdict_queue_oldest_seconds",
                "Time for which the text that came first of those that wait has waited.");
  in_flight_texts_ = &AddGauge(registry_, "verdict_in_flight_texts",
                               "Texts that have come and are not answered yet.");
  in_flight_texts_limit_ = &AddGauge(registry_, "verdict_in_flight_texts_limit",
                                     "The most texts that may be in flight.");
  in_flight_bytes_ =
      &AddGauge(registry_, "verdict_in_flight_bytes", "Bytes of the requests in flight.");
  in_flight_bytes_limit_ = &AddGauge(registry_, "verdict_in_flight_bytes_limit",
                                     "The most bytes that may be in flight.");
}

void Metrics::AddEngine() {
  batch_texts_ =
      &HistogramFamily{"verdict_batch_texts", "Texts in a batch.", kTextsBuckets}.Add(registry_);
  batch_tokens_ =
      &HistogramFamily{"verdict_batch_tokens", "Tokens in a batch.", kTokensBuckets}.Add(registry_);
  tokens_ = &AddCounter(registry_, "verdict_tokens_total", "Tokens that the model computed.");
  tokens_per_second_ =
      &AddGauge(registry_, "verdict_tokens_per_second",
                "Tokens that the engine gets through, going by its latest batches; 0: none yet.");
  // The sums of the stage inference do not tell it: every text of a batch takes the batch's time.
  engine_busy_seconds_ = &AddCounter(registry_, "verdict_engine_busy_seconds_total",
                                     "Time that the engine spent on batches.");
  engine_stalled_seconds_ =
      &AddGauge(registry_, "verdict_engine_stalled_seconds",
                "Time for which the engine has not moved, though it has work.");
}

void Metrics::AddTexts() {
  truncated_ =
      &AddCounter(registry_, "verdict_truncated_total", "Texts that lost tokens to truncation.");
  for (ShedReason reason : kAllShedReasons) {
    shed_[Index(reason)] = &AddCounter(registry_, "verdict_shed_total",
                                       "Texts that were refused at once, by the reason.",
                                       {{"reason", LabelValue(reason)}});
  }
}

void Metrics::AddInfo(const ServedModel& model) {
  AddGauge(registry_, "verdict_model_info", "The model that is served; always 1.",
           {{"name", model.name},
            {"revision", model.revision},
            {"precision", model.precision},
            {"isa", model.isa},
            {"kernels", model.kernels},
            {"threads", absl::StrCat(model.threads)}})
      .Set(1);
  if (!model.rejected_kernels.empty()) {
    AddGauge(registry_, "verdict_rejected_kernels",
             "Kernels that did not compute what oneDNN does, so that oneDNN's serve; always 1.",
             {{"kernels", model.rejected_kernels}})
        .Set(1);
  }
  AddGauge(registry_, "verdict_build_info", "The program that serves it; always 1.",
           {{"version", VERDICT_VERSION}, {"compiler", kCompiler}})
      .Set(1);
  AddGauge(registry_, "verdict_model_load_seconds",
           "Time that loading and warming up the model took.")
      .Set(absl::ToDoubleSeconds(model.load));
  connections_ =
      &AddGauge(registry_, "verdict_grpc_connections", "gRPC connections that are open.");
  connections_refused_ =
      &AddCounter(registry_, "verdict_grpc_connections_refused_total",
                  "gRPC connections that were closed at once, as too many were open.");
  ready_ = &AddGauge(registry_, "verdict_ready",
                     "1: new calls are welcome; 0: the server starts or drains.");
}

void Metrics::CallStarted(Method method) { calls_[Index(method)].started->Increment(); }

void Metrics::CallHandled(Method method, absl::StatusCode code, absl::Duration handling) {
  const Call& call = calls_[Index(method)];
  const size_t index = Index(code) < kCodes ? Index(code) : Index(absl::StatusCode::kUnknown);
  if (prometheus::Counter* handled = call.handled[index]; handled != nullptr) {
    handled->Increment();
  } else {
    handled_->Add(HandledLabels(method, index)).Increment();
  }
  call.handling_seconds->Observe(absl::ToDoubleSeconds(handling));
}

void Metrics::CountUnknownMethod() {
  unknown_started_->Increment();
  unknown_handled_->Increment();
}

void Metrics::MessageReceived(Method method) { calls_[Index(method)].received->Increment(); }

void Metrics::MessageSent(Method method) { calls_[Index(method)].sent->Increment(); }

void Metrics::ObserveStage(Stage stage, absl::Duration duration) {
  if (prometheus::Histogram* histogram = stage_seconds_[Index(stage)]; histogram != nullptr) {
    histogram->Observe(absl::ToDoubleSeconds(duration));
  }
  latencies_[Index(stage)].Observe(clock_(), duration);
}

void Metrics::ObserveBatch(int64_t texts, int64_t tokens, absl::Duration inference) {
  batch_texts_->Observe(static_cast<double>(texts));
  batch_tokens_->Observe(static_cast<double>(tokens));
  engine_busy_seconds_->Increment(absl::ToDoubleSeconds(inference));
}

void Metrics::SetQueue(int64_t texts, int64_t tokens, absl::Duration oldest) {
  queue_texts_->Set(static_cast<double>(texts));
  queue_tokens_->Set(static_cast<double>(tokens));
  queue_oldest_seconds_->Set(absl::ToDoubleSeconds(oldest));
}

void Metrics::SetQueueLimit(int64_t tokens) {
  queue_tokens_limit_->Set(static_cast<double>(tokens));
}

void Metrics::SetTokensPerSecond(double rate) { tokens_per_second_->Set(rate); }

// By differences: two threads that report totals could report the older one last.
void Metrics::AddInFlight(int64_t texts, int64_t bytes) {
  in_flight_texts_->Increment(static_cast<double>(texts));
  in_flight_bytes_->Increment(static_cast<double>(bytes));
}

void Metrics::SetInFlightLimits(int64_t texts, int64_t bytes) {
  in_flight_texts_limit_->Set(static_cast<double>(texts));
  in_flight_bytes_limit_->Set(static_cast<double>(bytes));
}

void Metrics::SetConnections(int open, int refused) {
  connections_->Set(open);
  connections_refused_->Increment(refused);
}

void Metrics::SetEngineStalled(absl::Duration stalled) {
  engine_stalled_seconds_->Set(absl::ToDoubleSeconds(stalled));
}

void Metrics::SetReady(bool ready) { ready_->Set(ready ? 1 : 0); }

void Metrics::CountTokens(int64_t tokens) { tokens_->Increment(static_cast<double>(tokens)); }

void Metrics::CountTruncated() { truncated_->Increment(); }

void Metrics::CountShed(ShedReason reason, int64_t texts) {
  shed_[Index(reason)]->Increment(static_cast<double>(texts));
}

void Metrics::CountExpired(Stage stage, int64_t texts) {
  if (prometheus::Counter* expired = expired_[Index(stage)]; expired != nullptr) {
    expired->Increment(static_cast<double>(texts));
  }
}

void Metrics::SetTlsCertificateExpiry(absl::Time expiry) {
  prometheus::BuildGauge()
      .Name("verdict_tls_certificate_expiry_seconds")
      .Help("When the certificate that new connections see expires, in Unix time.")
      .Register(registry_)
      .Add({})
      .Set(absl::ToDoubleSeconds(expiry - absl::UnixEpoch()));
}

std::vector<prometheus::MetricFamily> Metrics::Collect() const {
  std::vector<prometheus::MetricFamily> families = registry_.Collect();
  families.push_back(CollectLatency());
  std::vector<prometheus::MetricFamily> log = CollectLogMetrics();
  families.insert(families.end(), std::make_move_iterator(log.begin()),
                  std::make_move_iterator(log.end()));
  std::vector<prometheus::MetricFamily> process = process_.Collect();
  families.insert(families.end(), std::make_move_iterator(process.begin()),
                  std::make_move_iterator(process.end()));
  return families;
}

prometheus::MetricFamily Metrics::CollectLatency() const {
  prometheus::MetricFamily family;
  family.name = "verdict_latency_seconds";
  family.help = "Time that a text spent in a stage; quantiles over the last minute.";
  family.type = prometheus::MetricType::Summary;
  const absl::Time now = clock_();
  for (Stage stage : kAllStages) {
    prometheus::ClientMetric& metric = family.metric.emplace_back();
    metric.label = {{"stage", LabelValue(stage)}};
    metric.summary = latencies_[Index(stage)].Collect(now, kQuantiles);
  }
  return family;
}

std::string Metrics::Expose() const { return prometheus::TextSerializer().Serialize(Collect()); }

}  // namespace verdict
