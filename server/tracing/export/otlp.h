// Spans as OTLP writes them in JSON (opentelemetry-proto, ExportTraceServiceRequest).
#ifndef VERDICT_SERVER_TRACING_EXPORT_OTLP_H_
#define VERDICT_SERVER_TRACING_EXPORT_OTLP_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/tracing/export/spans.h"

namespace verdict {

// Who sends spans: names such as "service.name", and their values.
using SpanResource = std::vector<std::pair<std::string, std::string>>;

// One moment on both clocks, by which the steady clock's times become dates.
struct ClockPair {
  absl::Time steady;
  absl::Time wall;

  absl::Time DateOf(absl::Time time) const { return wall + (time - steady); }
};

// The body of a POST to /v1/traces.
std::string OtlpRequest(const SpanResource& resource, absl::Span<const Span> spans,
                        const ClockPair& clocks);

// How many spans a collector refused, going by the body of its answer 200; 0 if it does not say.
size_t OtlpRejected(absl::string_view response);

}  // namespace verdict

#endif  // VERDICT_SERVER_TRACING_EXPORT_OTLP_H_
