// config.json of a DistilBERT sequence classifier in Hugging Face's layout.
#ifndef VERDICT_ENGINE_MODELS_CONFIG_H_
#define VERDICT_ENGINE_MODELS_CONFIG_H_

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

// The feed-forward activation: see Epilogue. transformers spells some of them in several ways.
enum class HiddenActivation { kGelu, kGelu10, kGeluTanh, kQuickGelu, kSilu, kRelu };

// The most columns of a matrix: with these, 32 bits hold the sum of any products of integers.
inline constexpr int kMaxWidth = 43'690;

// The fewest tokens that a limit may leave: a pair's [CLS] [SEP] [SEP].
inline constexpr int kLeastTokens = 3;

// The architecture and the labels of one model. Values are checked: dimensions are positive and
// bounded, dim is a multiple of n_heads, labels are complete, and softmax is never over one label.
struct ModelConfig {
  int vocab_size = 0;
  int max_position_embeddings = 0;
  int dim = 0;
  int hidden_dim = 0;  // of the feed-forward layers
  int n_layers = 0;
  int n_heads = 0;
  HiddenActivation activation = HiddenActivation::kGelu;
  ProblemType problem_type = ProblemType::kUnspecified;
  std::vector<std::string> labels;  // in label-index order; LABEL_0, … where the config names none

  // What else bounds an input, in tokens, and where that is said; 0: nothing. See LowerMaxTokens.
  int token_limit = 0;
  std::string token_limit_source;

  // Fields that the file leaves out, with transformers' defaults, e.g. "dim 768, n_heads 12".
  std::string defaults;
  // What is odd in the file but changes no answer, one sentence each.
  std::vector<std::string> warnings;

  int head_dim() const { return dim / n_heads; }
  // The longest input in tokens, special tokens counted; and what sets it, as messages call it.
  int max_tokens() const { return token_limit > 0 ? token_limit : max_position_embeddings; }
  std::string max_tokens_source() const {
    return token_limit > 0 ? token_limit_source : "the model's max_position_embeddings";
  }

  // Sets the limit to `tokens` if that is lower; `source` says in messages where it comes from.
  void LowerMaxTokens(int tokens, const std::string& source);
};

// Reads `directory`/config.json as transformers' DistilBertConfig reads it: fields that are left
// out have its defaults, and three may be spelled as other architectures spell them (hidden_size,
// num_hidden_layers, num_attention_heads).
//
// NOT_FOUND: there is none. INVALID_ARGUMENT: malformed, not a DistilBERT sequence classifier, a
// value out of range, or a field that would change the computation and that we do not have; the
// message names the field, what was expected and found.
absl::StatusOr<ModelConfig> LoadModelConfig(const std::string& directory);

}  // namespace verdict

#endif  // VERDICT_ENGINE_MODELS_CONFIG_H_
