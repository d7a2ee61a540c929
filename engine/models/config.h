// config.json of a sequence classifier in Hugging Face's layout.
#ifndef VERDICT_ENGINE_MODELS_CONFIG_H_
#define VERDICT_ENGINE_MODELS_CONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "engine/models/model_config.h"

namespace verdict {

// Reads `directory`/config.json as transformers' configuration class of its model_type reads it:
// fields that are left out have its defaults, and DistilBERT's may be spelled as others spell them
// (hidden_size, num_hidden_layers, num_attention_heads).
//
// NOT_FOUND: there is none. INVALID_ARGUMENT: malformed, no sequence classifier of an architecture
// that is served, a value out of range, or a field that would change the computation and that we do
// not have; the message names the field, what was expected and found.
absl::StatusOr<ModelConfig> LoadModelConfig(const std::string& directory);

}  // namespace verdict

#endif  // VERDICT_ENGINE_MODELS_CONFIG_H_
