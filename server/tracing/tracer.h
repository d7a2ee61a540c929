// Where calls and batches get their place in a trace, and where they go when they have ended.
#ifndef VERDICT_SERVER_TRACING_TRACER_H_
#define VERDICT_SERVER_TRACING_TRACER_H_

#include "absl/strings/string_view.h"
#include "server/tracing/ended.h"
#include "server/tracing/export/span_exporter.h"
#include "server/tracing/span_ids.h"
#include "server/tracing/trace_context.h"

namespace verdict {

// Decides which calls are recorded: those whose caller records its trace, and of calls without a
// trace the part `ratio`, by the trace's id, so that all servers decide alike. Nothing is recorded
// without an exporter.
//
// All methods may be called from any thread.
class Tracer {
 public:
  // `ratio` is from 0 to 1. `exporter` may be null, and outlives this.
  Tracer(double ratio, SpanExporter* exporter, TraceId seed = SpanIds::RandomSeed());

  // The place of a call that came with these headers, each empty if it did not. What a caller has
  // not asked for, and nobody records, has no ids yet: see Identify.
  CallTrace Begin(absl::string_view traceparent, absl::string_view tracestate);

  // Gives it ids, if it has none.
  void Identify(CallTrace* trace);

  // Whether it is recorded.
  bool Records(const CallTrace& trace) const { return exporter_ != nullptr && trace.span.sampled; }

  // A span beside others in `trace`, and the first one of a trace that is recorded.
  SpanContext NewSpan(const SpanContext& trace);
  SpanContext NewTrace();

  // REQUIRES: it is recorded.
  void Export(Ended ended) { exporter_->Add(std::move(ended)); }

 private:
  bool IsSampled(const TraceId& id) const;

  const double ratio_;
  SpanExporter* const exporter_;
  SpanIds ids_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TRACING_TRACER_H_
