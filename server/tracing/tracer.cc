#include "server/tracing/tracer.h"

#include <cmath>
#include <optional>
#include <string>

namespace verdict {

Tracer::Tracer(double ratio, SpanExporter* exporter, TraceId seed)
    : ratio_(ratio), exporter_(exporter), ids_(seed) {}

CallTrace Tracer::Begin(absl::string_view traceparent, absl::string_view tracestate) {
  CallTrace trace;
  const std::optional<SpanContext> parent = ParseTraceparent(traceparent);
  if (parent.has_value()) {
    trace.parent = *parent;
    trace.span = NewSpan(*parent);
  } else if (exporter_ != nullptr) {
    Identify(&trace);
  }
  // It belongs to the traceparent, and means nothing without.
  if (parent.has_value() && Records(trace) && IsTracestate(tracestate)) {
    trace.tracestate = std::string(tracestate);
  }
  return trace;
}

void Tracer::Identify(CallTrace* trace) {
  if (trace->span.valid()) return;
  const TraceId id = ids_.NewTrace();
  trace->span = {.trace = id, .span = ids_.NewSpan(), .sampled = IsSampled(id)};
}

SpanContext Tracer::NewSpan(const SpanContext& trace) {
  return {.trace = trace.trace, .span = ids_.NewSpan(), .sampled = trace.sampled};
}

SpanContext Tracer::NewTrace() {
  return {.trace = ids_.NewTrace(), .span = ids_.NewSpan(), .sampled = true};
}

// By the lower 56 bits, which the recommendation asks to be random.
bool Tracer::IsSampled(const TraceId& id) const {
  constexpr int kRandomBits = 56;
  const uint64_t random = id.low & ((uint64_t{1} << kRandomBits) - 1);
  return exporter_ != nullptr && static_cast<double>(random) < std::ldexp(ratio_, kRandomBits);
}

}  // namespace verdict
