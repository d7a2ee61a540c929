#include "engine/models/embeddings.h"

#include <cstddef>

#include "engine/kernels/row_kernels.h"
#include "engine/layers/encoder.h"

namespace verdict {

void EmbeddingWeights::AddTokenTypes(absl::Span<const float> types, const ModelConfig& config) {
  const size_t dim = config.embedding_dim;
  const size_t size = positions.size();  // of one segment
  positions.resize(size * config.segments());
  for (int segment = config.segments() - 1; segment >= 0; --segment) {  // the first one last
    for (size_t i = 0; i < size; ++i) {
      positions[segment * size + i] = positions[i] + types[segment * dim + i % dim];
    }
  }
}

uint64_t EmbeddingWeights::MoreBytes(const ModelConfig& config) {
  return sizeof(float) * (config.segments() - 1) *
         static_cast<uint64_t>(config.max_position_embeddings) * config.embedding_dim;
}

Embeddings::Embeddings(const ModelConfig& config, const EmbeddingWeights& weights,
                       const ProductBackend& backend, int max_tokens, Workers* workers)
    : config_(config), weights_(weights), workers_(*workers) {
  if (projects()) normalized_ = Rows(backend.rows(), max_tokens, config.embedding_dim);
}

uint64_t Embeddings::Bytes(const ModelConfig& config, const ProductBackend& backend,
                           int max_tokens) {
  if (config.embedding_dim == config.dim) return 0;
  return Rows::Bytes(backend.rows(), max_tokens, config.embedding_dim);
}

void Embeddings::Run(const Batch& batch, Rows& hidden, LinearScratch& scratch) {
  FindPositions(batch);
  const size_t dim = config_.embedding_dim;
  Rows& sums = projects() ? normalized_ : hidden;
  ForEachRow(workers_, batch.tokens(), [&](int row) {
    AddLayerNorm(weights_.words.data() + batch.input_ids[row] * dim,
                 weights_.positions.data() + positions_[row] * dim, weights_.norm.weights(),
                 config_.embedding_dim, sums.row(row));
    sums.Round(row);
  });
  if (!projects()) return;
  weights_.projection.Run(
      {.x = normalized_.Rounded(batch.tokens()),
       .y = {.floats = hidden.row(0), .stride = static_cast<size_t>(config_.dim)}},
      workers_, scratch);
  ForEachRow(workers_, batch.tokens(), [&](int row) { hidden.Round(row); });
}

void Embeddings::FindPositions(const Batch& batch) {
  positions_.clear();
  const bool has_segments = config_.segments() > 1;
  for (int text = 0; text < batch.texts(); ++text) {
    const absl::Span<const int32_t> ids = batch.text(text);
    const int first_segment = has_segments ? batch.first_segments[text] : kOneSegment;
    int position = config_.padding_id + 1;
    for (int token = 0; token < static_cast<int>(ids.size()); ++token) {
      const int segment = token < first_segment ? 0 : config_.max_position_embeddings;
      positions_.push_back(segment +
                           (ids[token] == config_.padding_id ? config_.padding_id : position++));
    }
  }
}

}  // namespace verdict
