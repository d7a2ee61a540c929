// The weights of a DistilBERT classifier, bound by their Hugging Face names and packed for
// computing.
#ifndef VERDICT_ENGINE_MODELS_DISTILBERT_WEIGHTS_H_
#define VERDICT_ENGINE_MODELS_DISTILBERT_WEIGHTS_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/files/checkpoint.h"
#include "engine/kernels/product.h"
#include "engine/layers/encoder_block.h"
#include "engine/layers/linear.h"
#include "engine/machine/memory_limit.h"
#include "engine/models/config.h"

namespace verdict {

// What computes the products.
struct DistilBertBackends {
  std::unique_ptr<ProductBackend> layers;
  std::unique_ptr<ProductBackend> head;
};

struct DistilBertWeights {
  DistilBertBackends backends;
  std::vector<float> word_embeddings;      // [vocab_size, dim]
  std::vector<float> position_embeddings;  // [max_position_embeddings, dim]
  LayerNormParameters embedding_norm;
  std::vector<EncoderBlock> blocks;
  Linear pre_classifier;  // dim -> dim
  Linear classifier;      // dim -> labels
  uint64_t parameters = 0;
  std::chrono::nanoseconds kernel_check{0};  // what the oracle took
  std::string rejected_kernels;              // by it, before these served; or ""
  // What all names of the checkpoint begin with and standard ones do not, e.g. "_orig_mod.".
  std::string prefix;
  // Tensors of the checkpoint that no layer uses, in name order.
  std::vector<std::string> unused_tensors;
};

// Finds every tensor that `config` asks for, from the headers alone, and says what they will take
// with such backends: `weights` and `loading` are set.
//
// The body's names may begin with `distilbert.` or not, and all names with one more prefix: the
// checkpoint's own keys decide.
//
// INVALID_ARGUMENT: as Checkpoint::Check, and when the classifier's two layers are missing, or LoRA
// weights are there that are not merged.
absl::StatusOr<ModelMemory> CheckDistilBertWeights(const Checkpoint& checkpoint,
                                                   const ModelConfig& config,
                                                   const DistilBertBackends& backends);

// Reads and packs them, and has an Oracle check the backends on each shape of a layer.
//
// INVALID_ARGUMENT: as CheckDistilBertWeights and Checkpoint::Read. INTERNAL: as
// ProductBackend::Pack. DATA_LOSS: as Oracle::Check.
absl::StatusOr<DistilBertWeights> LoadDistilBertWeights(const Checkpoint& checkpoint,
                                                        const ModelConfig& config,
                                                        DistilBertBackends backends);

}  // namespace verdict

#endif  // VERDICT_ENGINE_MODELS_DISTILBERT_WEIGHTS_H_
