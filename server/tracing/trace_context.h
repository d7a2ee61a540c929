// Where a call is in a distributed trace: W3C Trace Context (https://www.w3.org/TR/trace-context).
#ifndef VERDICT_SERVER_TRACING_TRACE_CONTEXT_H_
#define VERDICT_SERVER_TRACING_TRACE_CONTEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace verdict {

// 16 bytes, the first one the highest. All zero: no trace.
struct TraceId {
  uint64_t high = 0;
  uint64_t low = 0;

  bool valid() const { return high != 0 || low != 0; }
  friend bool operator==(const TraceId&, const TraceId&) = default;
};

// 8 bytes. 0: no span.
using SpanId = uint64_t;

// One span, as others refer to it.
struct SpanContext {
  TraceId trace;
  SpanId span = 0;
  bool sampled = false;  // whether its trace is to be recorded

  bool valid() const { return trace.valid() && span != 0; }
  friend bool operator==(const SpanContext&, const SpanContext&) = default;
};

// The headers' names, in gRPC's metadata and in HTTP.
inline constexpr char kTraceparent[] = "traceparent";
inline constexpr char kTracestate[] = "tracestate";

// The caller's span, if `header` is a traceparent by the recommendation: lower case, of version 00
// exactly 55 characters, of a later version those and perhaps a dash and more. nullopt: it has to
// be ignored, and a new trace begins.
std::optional<SpanContext> ParseTraceparent(absl::string_view header);

// The header that names `context`, of version 00. REQUIRES: it is valid.
std::string FormatTraceparent(const SpanContext& context);

// A tracestate of more bytes is not passed on; the recommendation asks for 512.
inline constexpr size_t kMostTracestateBytes = 512;

// Whether `header` can be passed on as a tracestate: at most 32 members `key=value`, each key once,
// of the characters that the recommendation allows, and not too long.
bool IsTracestate(absl::string_view header);

// In lower case, 32 and 16 digits.
std::string Hex(const TraceId& id);
std::string Hex(SpanId id);

}  // namespace verdict

#endif  // VERDICT_SERVER_TRACING_TRACE_CONTEXT_H_
