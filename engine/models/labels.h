// What config.json says of the labels and of what their logits mean.
#ifndef VERDICT_ENGINE_MODELS_LABELS_H_
#define VERDICT_ENGINE_MODELS_LABELS_H_

#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "engine/models/model_config.h"

namespace verdict {

// Sets the problem type and the labels of `config`, and adds warnings.
//
// INVALID_ARGUMENT: they are malformed or contradict each other; the message names the field, what
// was expected and found.
absl::Status ReadLabels(const nlohmann::json& json, ModelConfig& config);

}  // namespace verdict

#endif  // VERDICT_ENGINE_MODELS_LABELS_H_
