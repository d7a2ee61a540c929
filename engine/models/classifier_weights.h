// The weights of a sequence classifier, bound by their Hugging Face names and packed for computing.
#ifndef VERDICT_ENGINE_MODELS_CLASSIFIER_WEIGHTS_H_
#define VERDICT_ENGINE_MODELS_CLASSIFIER_WEIGHTS_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/files/checkpoint.h"
#include "engine/kernels/row_kernels.h"
#include "engine/layers/encoder_block.h"
#include "engine/layers/linear.h"
#include "engine/machine/memory_limit.h"
#include "engine/models/embeddings.h"
#include "engine/models/model_config.h"
#include "engine/models/tensor_reader.h"

namespace verdict {

// What makes logits of each text's first token: classifier(activation(dense(token))).
struct HeadWeights {
  Linear dense;  // dim -> dim
  Epilogue activation = Epilogue::kBias;
  Linear classifier;  // dim -> labels
};

struct ClassifierWeights {
  ClassifierBackends backends;
  EmbeddingWeights embeddings;
  std::vector<EncoderBlock> blocks;
  HeadWeights head;
  uint64_t parameters = 0;
  std::chrono::nanoseconds kernel_check{0};  // what the oracle took
  std::string rejected_kernels;              // by it, before these served; or ""
  // What all names of the checkpoint begin with and standard ones do not, e.g. "_orig_mod.".
  std::string prefix;
  // Tensors of the checkpoint that no layer uses, in name order, but for those that transformers
  // saves beside every classifier of such an architecture.
  std::vector<std::string> unused_tensors;
};

// Finds every tensor that `config` asks for, from the headers alone, and says what they will take
// with such backends: `weights` and `loading` are set.
//
// The body's names may begin with the architecture's prefix or not, and all names with one more
// prefix: the checkpoint's own keys decide.
//
// INVALID_ARGUMENT: as Checkpoint::Check, and when the head's layers are missing, or LoRA weights
// are there that are not merged.
absl::StatusOr<ModelMemory> CheckClassifierWeights(const Checkpoint& checkpoint,
                                                   const ModelConfig& config,
                                                   const ClassifierBackends& backends);

// Reads and packs them, and has an Oracle check the backends on each shape of a layer.
//
// INVALID_ARGUMENT: as CheckClassifierWeights and Checkpoint::Read. INTERNAL: as
// ProductBackend::Pack. DATA_LOSS: as Oracle::Check.
absl::StatusOr<ClassifierWeights> LoadClassifierWeights(const Checkpoint& checkpoint,
                                                        const ModelConfig& config,
                                                        ClassifierBackends backends);

}  // namespace verdict

#endif  // VERDICT_ENGINE_MODELS_CLASSIFIER_WEIGHTS_H_
