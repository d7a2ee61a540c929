#include "server/metrics/metrics.h"

#include <prometheus/text_serializer.h>

#include <chrono>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/metrics/log_metrics.h"
#include "server/metrics/open_metrics/open_metrics.h"
#include "server/metrics/series.h"

namespace verdict {
namespace {

using prometheus::Labels;

// Tokenizing takes tens of microseconds, and so does waiting on an idle server; a quantile that is
// interpolated from wider buckets would tell of a millisecond. Above, as kSecondsBuckets.
const prometheus::Histogram::BucketBoundaries kStageBuckets = [] {
  prometheus::Histogram::BucketBoundaries buckets = {1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4};
  buckets.insert(buckets.end(), kSecondsBuckets.begin(), kSecondsBuckets.end());
  return buckets;
}();
// Powers of two, as batches grow by merging what waits.
const prometheus::Histogram::BucketBoundaries kTextsBuckets = {1, 2, 4, 8, 16, 32, 64, 128, 256};
const prometheus::Histogram::BucketBoundaries kTokensBuckets = {16,   32,   64,   128,  256,  512,
                                                                1024, 2048, 4096, 8192, 16384};

const std::vector<double> kQuantiles = {0.5, 0.9, 0.95, 0.99, 0.999};

#if defined(__clang__)
constexpr char kCompiler[] = "clang " __clang_version__;
#else
constexpr char kCompiler[] = "gcc " __VERSION__;
#endif

}  // namespace

Metrics::Metrics(const ServedModel& model, std::function<absl::Time()> clock)
    : clock_(std::move(clock)), calls_(&registry_), outcomes_(&registry_, model.name) {
  AddStages();
  AddQueue();
  AddEngine();
  AddTexts();
  AddHttp();
  AddInfo(model);
}

void Metrics::AddStages() {
  const HistogramFamily duration = {"verdict_stage_duration_seconds",
                                    "Time that a text spent in a stage.", kStageBuckets};
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

void Metrics::AddHttp() {
  http_responses_ = &prometheus::BuildCounter()
                         .Name("verdict_http_responses_total")
                         .Help("Replies of the HTTP port, by the route and the status.")
                         .Register(registry_);
  for (SpanOutcome outcome : kAllSpanOutcomes) {
    spans_[Index(outcome)] =
        &AddCounter(registry_, "verdict_trace_spans_total",
                    "Spans of traces: exported, dropped as too many waited, or failed to be taken.",
                    {{"outcome", LabelValue(outcome)}});
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

void Metrics::CountHttpResponse(const std::string& route, int status) {
  http_responses_->Add({{"route", route}, {"code", absl::StrCat(status)}}).Increment();
}

void Metrics::CountSpans(SpanOutcome outcome, int64_t spans) {
  spans_[Index(outcome)]->Increment(static_cast<double>(spans));
}

void Metrics::SetTlsCertificateExpiry(absl::Time expiry) {
  prometheus::BuildGauge()
      .Name("verdict_tls_certificate_expiry_timestamp_seconds")
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

MetricFigures Metrics::Figures() const {
  const auto total = latencies_[Index(Stage::kTotal)].Collect(clock_(), {0.99});
  MetricFigures figures = {.texts = static_cast<double>(total.sample_count),
                           .tokens = tokens_->Value(),
                           .queue_texts = queue_texts_->Value(),
                           .p99_seconds = total.quantile.front().value};
  for (const prometheus::Counter* shed : shed_) figures.refused += shed->Value();
  return figures;
}

std::string Metrics::Expose() const { return prometheus::TextSerializer().Serialize(Collect()); }

std::string Metrics::ExposeOpenMetrics() const {
  return OpenMetricsPage(Collect(), [this](const auto& family, const auto& metric) {
    return calls_.ExemplarsOf(family, metric);
  });
}

}  // namespace verdict
