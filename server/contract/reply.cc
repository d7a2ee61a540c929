#include "server/contract/reply.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/duration.h"
#include "server/contract/error_reason.h"
#include "server/contract/scores.h"
#include "server/log/log.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

absl::StatusOr<v1::ClassifyResponse> MakeReply(const ModelConfig& config,
                                               const ClassifyOptions& options,
                                               const EncodedText& text, const TextResult& result,
                                               absl::Duration total) {
  // Finite weights can still overflow; a reply of NaN would look like an answer.
  if (!std::all_of(result.logits.begin(), result.logits.end(),
                   [](float logit) { return std::isfinite(logit); })) {
    LogCallers(LogLevel::kError, "a text's logits are not finite", {{"tokens", text.used_tokens}});
    return absl::InternalError("the model failed on this text; the server's log says how");
  }
  const std::vector<float> scores = Scores(result.logits, options.activation);
  const size_t count = options.top_k == 0 ? scores.size() : options.top_k;

  v1::ClassifyResponse reply;
  for (const size_t index : BestFirst(scores, count)) {
    v1::LabelScore* score = reply.add_scores();
    score->set_label(config.labels[index]);
    score->set_score(scores[index]);
    score->set_index(static_cast<uint32_t>(index));
  }
  reply.set_label(reply.scores(0).label());
  reply.set_score(reply.scores(0).score());
  if (options.return_logits)
    reply.mutable_logits()->Add(result.logits.begin(), result.logits.end());

  v1::TokenUsage* tokens = reply.mutable_tokens();
  tokens->set_total(static_cast<uint32_t>(text.total_tokens));
  tokens->set_used(static_cast<uint32_t>(text.used_tokens));
  tokens->set_truncated(text.used_tokens < text.total_tokens);

  v1::Timings* timings = reply.mutable_timings();
  SetDuration(text.tokenize, timings->mutable_tokenize());
  SetDuration(result.queue, timings->mutable_queue());
  SetDuration(result.inference, timings->mutable_inference());
  SetDuration(total, timings->mutable_total());
  return reply;
}

void SetError(const absl::Status& status, v1::Error* error) {
  error->set_code(static_cast<int32_t>(status.code()));
  error->set_message(std::string(status.message()));
  error->set_reason(ReasonOf(status));
  if (const std::optional<absl::Duration> delay = RetryDelayOf(status)) {
    SetDuration(*delay, error->mutable_retry_delay());
  }
}

}  // namespace verdict
