// The spans of what has ended.
#ifndef VERDICT_SERVER_TRACING_EXPORT_SPANS_H_
#define VERDICT_SERVER_TRACING_EXPORT_SPANS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "server/tracing/ended.h"
#include "server/tracing/span_ids.h"
#include "server/tracing/trace_context.h"

namespace verdict {

// A name that OpenTelemetry's conventions give, or one of ours that begins with "verdict.".
struct SpanAttribute {
  SpanAttribute(const char* name, int64_t value) : name(name), value(value) {}
  SpanAttribute(const char* name, std::string value) : name(name), value(std::move(value)) {}

  const char* name;
  std::variant<int64_t, std::string> value;
};

struct Span {
  enum class Kind { kInternal = 1, kServer = 2 };  // OTLP's numbers

  std::string name;
  Kind kind = Kind::kInternal;
  SpanContext context;
  SpanId parent = 0;  // 0: it begins its trace
  std::string tracestate;
  absl::Time start;  // SteadyNow's
  absl::Time end;
  std::vector<SpanAttribute> attributes;
  std::vector<SpanContext> links;
  bool failed = false;
};

// How many spans MakeSpans makes of it.
size_t CountSpans(const Ended& ended);

// A call, and for each of its texts that has spans: tokenize, queue and inference, as far as it
// came. They are the call's children, or where there may be several texts those of a span `text`.
// A batch is the beginning of a trace of its own, linked to the inferences of its texts, as those
// are to it. `ids` gives the others their ids.
std::vector<Span> MakeSpans(const Ended& ended, SpanIds* ids);

}  // namespace verdict

#endif  // VERDICT_SERVER_TRACING_EXPORT_SPANS_H_
