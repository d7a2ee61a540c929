// What the encoder begins with: the sum of a token's embeddings, normalized.
#ifndef VERDICT_ENGINE_MODELS_EMBEDDINGS_H_
#define VERDICT_ENGINE_MODELS_EMBEDDINGS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "engine/engine.h"
#include "engine/kernels/product.h"
#include "engine/kernels/rows.h"
#include "engine/layers/encoder_block.h"
#include "engine/layers/linear.h"
#include "engine/layers/linear_scratch.h"
#include "engine/models/model_config.h"
#include "engine/threads/workers.h"

namespace verdict {

struct EmbeddingWeights {
  std::vector<float> words;  // [vocab_size, embedding_dim]
  // [segments, max_position_embeddings, embedding_dim]: a segment's token type is added to its
  // positions at load, so that a pass adds two rows whatever the architecture.
  std::vector<float> positions;
  LayerNormParameters norm;
  Linear projection;  // embedding_dim -> dim; unused if these are equal

  // Adds `types`, [token_types, embedding_dim], to `positions`, which are those of one segment.
  void AddTokenTypes(absl::Span<const float> types, const ModelConfig& config);

  // Bytes that adding them takes, beside the checkpoint's tensors.
  static uint64_t MoreBytes(const ModelConfig& config);
};

// For one thread at a time. All that it is given outlives it.
class Embeddings {
 public:
  // `backend` has packed the projection. A Run has at most `max_tokens` tokens.
  Embeddings(const ModelConfig& config, const EmbeddingWeights& weights,
             const ProductBackend& backend, int max_tokens, Workers* workers);

  Embeddings(const Embeddings&) = delete;
  Embeddings& operator=(const Embeddings&) = delete;

  // Bytes that it takes.
  static uint64_t Bytes(const ModelConfig& config, const ProductBackend& backend, int max_tokens);

  // hidden [tokens, dim] = projection(LayerNorm(word + (position + token type))), rounded.
  void Run(const Batch& batch, Rows& hidden, LinearScratch& scratch);

 private:
  bool projects() const { return config_.embedding_dim != config_.dim; }
  void FindPositions(const Batch& batch);

  const ModelConfig& config_;
  const EmbeddingWeights& weights_;
  Workers& workers_;
  std::vector<int32_t> positions_;  // [tokens]: rows of weights_.positions
  Rows normalized_;                 // [tokens, embedding_dim], if they are projected
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_MODELS_EMBEDDINGS_H_
