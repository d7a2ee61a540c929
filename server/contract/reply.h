// The answer to one text, as the contract words it.
#ifndef VERDICT_SERVER_CONTRACT_REPLY_H_
#define VERDICT_SERVER_CONTRACT_REPLY_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/models/config.h"
#include "server/contract/text_result.h"
#include "server/contract/validation.h"
#include "server/tracing/text_stages.h"

namespace verdict {

namespace v1 {
class ClassifyResponse;
class Error;
}  // namespace v1

// What is known of a text beside what the engine makes of it.
struct EncodedText {
  size_t total_tokens = 0;
  size_t used_tokens = 0;
  absl::Duration tokenize = absl::ZeroDuration();
  TextStages stages = {};
};

// The reply to a text that the engine made `result` of; `total` is the time since its request came.
//
// INTERNAL: a logit is NaN or infinite.
absl::StatusOr<v1::ClassifyResponse> MakeReply(const ModelConfig& config,
                                               const ClassifyOptions& options,
                                               const EncodedText& text, const TextResult& result,
                                               absl::Duration total);

// Says in `*error` why one text of many has no label. REQUIRES: `status` is not OK.
void SetError(const absl::Status& status, v1::Error* error);

}  // namespace verdict

#endif  // VERDICT_SERVER_CONTRACT_REPLY_H_
