// What config.json says of a sequence classifier.
#ifndef VERDICT_ENGINE_MODELS_MODEL_CONFIG_H_
#define VERDICT_ENGINE_MODELS_MODEL_CONFIG_H_

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace verdict {

struct Architecture;

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
  const Architecture* architecture = nullptr;  // static; see architectures.h

  int vocab_size = 0;
  int max_position_embeddings = 0;
  int embedding_dim = 0;  // of the embeddings, which are projected to dim if that is another
  int dim = 0;
  int hidden_dim = 0;  // of the feed-forward layers
  int n_layers = 0;
  int n_heads = 0;
  int token_types = 0;  // embeddings of segments; 0: there are none
  // RoBERTa's kind: the position of every token with this id. The others are counted, and the first
  // of them has the position after it. -1: all are counted, from 0 on.
  int padding_id = -1;
  HiddenActivation activation = HiddenActivation::kGelu;
  float layer_norm_epsilon = 1e-12f;
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
  // How many segments a text may have: 1 or 2. A model with more types uses two of them.
  int segments() const { return std::clamp(token_types, 1, 2); }
  // The most tokens that have positions.
  int positions() const { return max_position_embeddings - padding_id - 1; }
  // The longest input in tokens, special tokens counted; and what sets it, as messages call it.
  int max_tokens() const { return token_limit > 0 ? token_limit : positions(); }
  std::string max_tokens_source() const;

  // Sets the limit to `tokens` if that is lower; `source` says in messages where it comes from.
  void LowerMaxTokens(int tokens, const std::string& source);
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_MODELS_MODEL_CONFIG_H_
