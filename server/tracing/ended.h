// What has ended and is to be exported as spans: a call, a message of a stream, a batch.
#ifndef VERDICT_SERVER_TRACING_ENDED_H_
#define VERDICT_SERVER_TRACING_ENDED_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "server/tracing/call_record.h"
#include "server/tracing/text_stages.h"
#include "server/tracing/trace_context.h"

namespace verdict {

// A call's place in its trace.
struct CallTrace {
  SpanContext span;        // the call's own; none: it has not been asked for
  SpanContext parent;      // the caller's; none: the call begins its trace
  std::string tracestate;  // the caller's
};

// The texts of a stream are told one by one, as EndedText.
struct EndedCall {
  CallTrace trace;
  CallRecord record;
  std::vector<TextStages> texts;
  int64_t texts_without_spans = 0;
};

struct EndedText {
  SpanContext call;
  uint64_t id = 0;  // of the message
  absl::Time arrival;
  TextStages stages;
};

struct EndedBatch {
  SpanContext span = {};
  absl::Time start;
  absl::Time end;
  int64_t texts = 0;
  int64_t tokens = 0;
  bool ok = true;
  std::vector<SpanContext> inferences = {};  // spans of its texts
};

using Ended = std::variant<EndedCall, EndedText, EndedBatch>;

}  // namespace verdict

#endif  // VERDICT_SERVER_TRACING_ENDED_H_
