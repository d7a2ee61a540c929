// From logits to scores, and from scores to a ranking.
#ifndef VERDICT_SERVER_CONTRACT_SCORES_H_
#define VERDICT_SERVER_CONTRACT_SCORES_H_

#include <cstddef>
#include <vector>

#include "absl/types/span.h"
#include "engine/models/config.h"

namespace verdict {

// The function that makes scores of logits.
enum class Activation {
  kSoftmax,  // scores sum to one
  kSigmoid,  // each score is between zero and one, independent of the others
  kNone,     // scores are the logits
};

// The model's own, as in Hugging Face's pipeline: none for a regression; sigmoid for several labels
// at a time, and for a single one, whose softmax would be 1 for every text; else softmax.
Activation ModelActivation(const ModelConfig& config);

// One score a logit, in the same order. Logits must be finite; no logit is too large or too small.
std::vector<float> Scores(absl::Span<const float> logits, Activation activation);

// Indices of the `count` best scores (of all of them if there are fewer), best first; equal scores
// in index order.
std::vector<size_t> BestFirst(absl::Span<const float> scores, size_t count);

}  // namespace verdict

#endif  // VERDICT_SERVER_CONTRACT_SCORES_H_
