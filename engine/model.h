// A model directory, loaded: everything that the server needs to classify.
#ifndef VERDICT_ENGINE_MODEL_H_
#define VERDICT_ENGINE_MODEL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/engine.h"
#include "engine/models/config.h"
#include "engine/tokenizer/tokenizer.h"

namespace verdict {

struct Model {
  ModelConfig config;
  Tokenizer tokenizer;
  std::unique_ptr<Engine> engine;
  // SHA-256 of the weights, in hexadecimal.
  std::string revision;
  // What is odd but harmless, one sentence each, for the log: e.g. tensors that no layer uses.
  std::vector<std::string> warnings;
};

// Reads, checks and warms up the model in `directory`: when this returns, the first Run is as fast
// as any later one.
//
// The longest input, config.max_tokens(), is the least of the model's positions, the tokenizer's
// model_max_length, and `options.max_tokens`.
//
// NOT_FOUND: a file is missing. FAILED_PRECONDITION: the path is no model's: see
// CheckModelDirectory and File::Open. INVALID_ARGUMENT: a file is malformed or they do not fit each
// other; the message names the file, the field or tensor, what was expected and found.
// RESOURCE_EXHAUSTED: there is not enough memory.
absl::StatusOr<Model> LoadModel(const std::string& directory, const EngineOptions& options);

}  // namespace verdict

#endif  // VERDICT_ENGINE_MODEL_H_
