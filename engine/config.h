// config.json of a DistilBERT sequence classifier in Hugging Face's layout.
#ifndef VERDICT_ENGINE_CONFIG_H_
#define VERDICT_ENGINE_CONFIG_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace verdict {

// What the logits mean, and so which activation makes scores of them.
enum class ProblemType {
  kUnspecified,                // the config names none: one label sigmoid, more softmax
  kRegression,                 // scores are the logits
  kSingleLabelClassification,  // softmax
  kMultiLabelClassification,   // sigmoid
};

// As spelt in config.json; empty for kUnspecified.
std::string_view ProblemTypeName(ProblemType type);

// The feed-forward activation.
enum class HiddenActivation { kGelu, kRelu };

// The architecture and the labels of one model. Values are checked: dimensions are positive and
// bounded, dim is a multiple of n_heads, labels are complete.
struct ModelConfig {
  int vocab_size = 0;
  int max_position_embeddings = 0;  // the longest input in tokens, special tokens counted
  int dim = 0;
  int hidden_dim = 0;  // of the feed-forward layers
  int n_layers = 0;
  int n_heads = 0;
  HiddenActivation activation = HiddenActivation::kGelu;
  ProblemType problem_type = ProblemType::kUnspecified;
  std::vector<std::string> labels;  // in label-index order; LABEL_0, … where the config names none

  int head_dim() const { return dim / n_heads; }
  int max_tokens() const { return max_position_embeddings; }
};

// Reads `directory`/config.json.
//
// NOT_FOUND: there is none. INVALID_ARGUMENT: malformed, not a DistilBERT sequence classifier, or a
// value out of range; the message names the field, what was expected and found.
absl::StatusOr<ModelConfig> LoadModelConfig(const std::string& directory);

}  // namespace verdict

#endif  // VERDICT_ENGINE_CONFIG_H_
