// What is told of a call that has ended. Never a text, or a part of one.
#ifndef VERDICT_SERVER_TRACING_CALL_RECORD_H_
#define VERDICT_SERVER_TRACING_CALL_RECORD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/log/log.h"
#include "server/metrics/metric_labels.h"
#include "server/tracing/text_stages.h"

namespace verdict {

// Whether a call that ends with `code` failed through the server or its load, rather than through
// what its caller did: UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL,
// UNAVAILABLE, DATA_LOSS.
bool IsServersFailure(absl::StatusCode code);

// One call, or one message of a stream.
struct CallRecord {
  Method method = Method::kClassify;
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string trace_id;  // 32 hexadecimal digits
  std::string peer;      // as gRPC writes it: "ipv4:127.0.0.1:40000"
  std::string caller;    // the name of its token; empty: it has none
  std::string model;
  absl::Time arrival;  // SteadyNow's
  absl::Duration total = absl::ZeroDuration();
  int64_t texts = 0;
  int64_t tokens = 0;
  // Of the text that spent most time there.
  absl::Duration tokenize = absl::ZeroDuration();
  absl::Duration queue = absl::ZeroDuration();
  absl::Duration inference = absl::ZeroDuration();
  bool is_whole_stream = false;  // and not one message of it
  // Of a batch: the texts that failed so, and the code of the first.
  int64_t failed_texts = 0;
  absl::StatusCode text_code = absl::StatusCode::kOk;

  bool failed() const { return IsServersFailure(code) || failed_texts > 0; }
};

// Adds what `texts` came to.
void AddTexts(absl::Span<const TextStages> texts, CallRecord* record);

// The record as a line of the log has it. The fields borrow its strings.
std::vector<LogField> FieldsOf(const CallRecord& record);

}  // namespace verdict

#endif  // VERDICT_SERVER_TRACING_CALL_RECORD_H_
