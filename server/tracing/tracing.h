// Following requests: all that a server has for it.
#ifndef VERDICT_SERVER_TRACING_TRACING_H_
#define VERDICT_SERVER_TRACING_TRACING_H_

#include <memory>
#include <optional>

#include "absl/time/time.h"
#include "server/metrics/metrics.h"
#include "server/tracing/call_journal.h"
#include "server/tracing/export/collector.h"
#include "server/tracing/export/otlp.h"
#include "server/tracing/export/span_exporter.h"
#include "server/tracing/tracer.h"

namespace verdict {

struct TracingOptions {
  std::optional<CollectorAddress> collector;  // none: no spans are made
  double ratio = 1;                           // of calls without a trace: the part that is recorded
  // A call of this length or more has a line of the log; zero: none has.
  absl::Duration slow_call = absl::ZeroDuration();
};

// All methods may be called from any thread. The metrics must outlive it, and it the calls.
class Tracing {
 public:
  Tracing(const TracingOptions& options, SpanResource resource, Metrics* metrics);

  Tracer& tracer() { return tracer_; }
  CallJournal& journal() { return journal_; }

  // Sends the spans that wait, and waits for it, `most` at most.
  void Flush(absl::Duration most);

 private:
  const std::unique_ptr<SpanExporter> exporter_;  // null: no spans are made
  Tracer tracer_;
  CallJournal journal_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TRACING_TRACING_H_
