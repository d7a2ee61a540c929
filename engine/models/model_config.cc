#include "engine/models/model_config.h"

namespace verdict {

std::string_view ProblemTypeName(ProblemType type) {
  switch (type) {
    case ProblemType::kRegression:
      return "regression";
    case ProblemType::kSingleLabelClassification:
      return "single_label_classification";
    case ProblemType::kMultiLabelClassification:
      return "multi_label_classification";
    case ProblemType::kUnspecified:
      break;
  }
  return "";
}

std::string ModelConfig::max_tokens_source() const {
  if (token_limit > 0) return token_limit_source;
  return padding_id < 0 ? "the model's max_position_embeddings"
                        : "the model's max_position_embeddings, less pad_token_id + 1";
}

void ModelConfig::LowerMaxTokens(int tokens, const std::string& source) {
  if (tokens >= max_tokens()) return;
  token_limit = tokens;
  token_limit_source = source;
}

}  // namespace verdict
