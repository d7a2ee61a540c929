#include "server/tracing/call_record.h"

#include <algorithm>

#include "server/metrics/series.h"

namespace verdict {

bool IsServersFailure(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

void AddTexts(absl::Span<const TextStages> texts, CallRecord* record) {
  record->texts += static_cast<int64_t>(texts.size());
  for (const TextStages& text : texts) {
    record->tokens += text.tokens;
    record->tokenize = std::max(record->tokenize, text.tokenize().duration());
    record->queue = std::max(record->queue, text.queue().duration());
    record->inference = std::max(record->inference, text.inference().duration());
    if (IsServersFailure(text.code) && record->failed_texts++ == 0) record->text_code = text.code;
  }
}

std::vector<LogField> FieldsOf(const CallRecord& record) {
  std::vector<LogField> fields = {
      {"method", LabelValue(record.method)},
      {"code", CodeName(CodeIndex(record.code))},
      {"trace_id", record.trace_id},
      {"peer", record.peer},
      {"model", record.model},
      {"texts", record.texts},
      {"tokens", record.tokens},
      {"total_seconds", absl::ToDoubleSeconds(record.total)},
      {"tokenize_seconds", absl::ToDoubleSeconds(record.tokenize)},
      {"queue_seconds", absl::ToDoubleSeconds(record.queue)},
      {"inference_seconds", absl::ToDoubleSeconds(record.inference)},
  };
  if (!record.caller.empty()) fields.emplace(fields.begin() + 4, "caller", record.caller);
  if (record.code == absl::StatusCode::kOk && record.failed_texts > 0) {
    fields.emplace_back("failed_texts", record.failed_texts);
    fields.emplace_back("text_code", CodeName(CodeIndex(record.text_code)));
  }
  return fields;
}

}  // namespace verdict
