// Everything that verdictd tells Prometheus: every metric's name, help, labels, buckets and
// quantiles are here and in metrics.cc, what labels may say in metric_labels.h, nowhere else.
#ifndef VERDICT_SERVER_METRICS_METRICS_H_
#define VERDICT_SERVER_METRICS_METRICS_H_

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "latency/steady_clock.h"
#include "server/metrics/call_metrics.h"
#include "server/metrics/latency_summary.h"
#include "server/metrics/metric_labels.h"
#include "server/metrics/process_metrics.h"
#include "server/metrics/served_model.h"
#include "server/metrics/text_outcomes.h"

namespace verdict {

// Some of the figures, as of now.
struct MetricFigures {
  // Since the start: texts that were answered, tokens computed, texts refused at once.
  double texts = 0;
  double tokens = 0;
  double refused = 0;
  double queue_texts = 0;  // that wait
  double p99_seconds =
      0;  // from the arrival to the reply, in the last minute; NaN if there was none
};

// Counts and times what the server does. An observation costs well under a microsecond and never
// waits for a scrape for longer than it takes to add up one window (tens of microseconds).
//
// All methods may be called from any thread.
class Metrics final : public prometheus::Collectable {
 public:
  // `clock` tells the rolling windows the time and never steps back; tests hand in their own.
  explicit Metrics(const ServedModel& model, std::function<absl::Time()> clock = SteadyNow);

  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  CallMetrics& calls() { return calls_; }
  TextOutcomes& outcomes() { return outcomes_; }

  // The time that one text spent in a stage.
  void ObserveStage(Stage stage, absl::Duration duration);

  // The size of one batch that went to the engine, and how long it was computed.
  void ObserveBatch(int64_t texts, int64_t tokens, absl::Duration inference);

  // What waits now, and for how long the text that came first has; the most tokens that may wait.
  void SetQueue(int64_t texts, int64_t tokens, absl::Duration oldest);
  void SetQueueLimit(int64_t tokens);

  // How fast the engine is, going by its latest batches.
  void SetTokensPerSecond(double rate);

  // What came into flight, or with negative numbers, left it; the most that may be in flight.
  void AddInFlight(int64_t texts, int64_t bytes);
  void SetInFlightLimits(int64_t texts, int64_t bytes);

  // How many gRPC connections are open, and how many more were refused since the last time.
  void SetConnections(int open, int refused);

  // For how long the engine has not moved, though it has work.
  void SetEngineStalled(absl::Duration stalled);

  // Whether new calls are welcome.
  void SetReady(bool ready);

  // Tokens that the engine computed.
  void CountTokens(int64_t tokens);

  // A text that lost tokens to truncation.
  void CountTruncated();

  // Texts that were refused.
  void CountShed(ShedReason reason, int64_t texts);

  // Texts whose deadline passed in `stage`; not kTotal.
  void CountExpired(Stage stage, int64_t texts);

  // An HTTP reply. `route` is one of those that the server has, or "other".
  void CountHttpResponse(const std::string& route, int status);

  // Spans of traces, by what became of them.
  void CountSpans(SpanOutcome outcome, int64_t spans);

  // When the certificate that new connections see expires. Without TLS there is no such metric, as
  // an alert on it would fire.
  void SetTlsCertificateExpiry(absl::Time expiry);

  MetricFigures Figures() const;

  // All families, as of now.
  std::vector<prometheus::MetricFamily> Collect() const override;

  // The same in Prometheus' text format, and as OpenMetrics with exemplars.
  std::string Expose() const;
  std::string ExposeOpenMetrics() const;
  static constexpr char kTextType[] = "text/plain; version=0.0.4; charset=utf-8";

 private:
  void AddStages();
  void AddQueue();
  void AddEngine();
  void AddTexts();
  void AddHttp();
  void AddInfo(const ServedModel& model);
  prometheus::MetricFamily CollectLatency() const;

  const std::function<absl::Time()> clock_;
  const ProcessMetrics process_;
  // Owns what the pointers below point to; they are set by the constructor and const afterwards.
  prometheus::Registry registry_;
  CallMetrics calls_;
  TextOutcomes outcomes_;
  prometheus::Family<prometheus::Counter>* http_responses_ = nullptr;
  std::array<prometheus::Histogram*, kAllStages.size()> stage_seconds_ = {};  // none for kTotal
  std::array<prometheus::Counter*, kAllStages.size()> expired_ = {};          // none for kTotal
  std::array<prometheus::Counter*, kAllShedReasons.size()> shed_ = {};
  std::array<prometheus::Counter*, kAllSpanOutcomes.size()> spans_ = {};
  prometheus::Histogram* batch_texts_ = nullptr;
  prometheus::Histogram* batch_tokens_ = nullptr;
  prometheus::Gauge* queue_texts_ = nullptr;
  prometheus::Gauge* queue_tokens_ = nullptr;
  prometheus::Gauge* queue_tokens_limit_ = nullptr;
  prometheus::Gauge* queue_oldest_seconds_ = nullptr;
  prometheus::Counter* engine_busy_seconds_ = nullptr;
  prometheus::Gauge* engine_stalled_seconds_ = nullptr;
  prometheus::Gauge* tokens_per_second_ = nullptr;
  prometheus::Gauge* in_flight_texts_ = nullptr;
  prometheus::Gauge* in_flight_bytes_ = nullptr;
  prometheus::Gauge* in_flight_texts_limit_ = nullptr;
  prometheus::Gauge* in_flight_bytes_limit_ = nullptr;
  prometheus::Gauge* connections_ = nullptr;
  prometheus::Counter* connections_refused_ = nullptr;
  prometheus::Gauge* ready_ = nullptr;
  prometheus::Counter* tokens_ = nullptr;
  prometheus::Counter* truncated_ = nullptr;
  std::array<LatencySummary, kAllStages.size()> latencies_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_METRICS_METRICS_H_
