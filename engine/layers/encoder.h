// The encoder of the BERT family (Vaswani et al. 2017; Devlin et al. 2018): blocks of
// self-attention and feed-forward, with LayerNorm after each residual sum.
#ifndef VERDICT_ENGINE_LAYERS_ENCODER_H_
#define VERDICT_ENGINE_LAYERS_ENCODER_H_

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "engine/engine.h"
#include "engine/kernels/product.h"
#include "engine/layers/encoder_block.h"
#include "engine/layers/linear.h"
#include "engine/layers/linear_scratch.h"
#include "engine/memory/aligned_buffer.h"
#include "engine/memory/rounding.h"
#include "engine/threads/workers.h"

namespace verdict {

// What sizes an encoder's memory.
struct EncoderShape {
  int dim = 0;
  int heads = 1;
  int hidden_dim = 0;       // of feed-forward
  int max_text_tokens = 0;  // of one text
  int max_tokens = 0;       // of all texts of a Run

  int head_dim() const { return dim / heads; }
};

// Calls visit(row) for all rows, shared among the workers.
template <typename Visit>
void ForEachRow(Workers& workers, int rows, const Visit& visit) {
  // Some microseconds of work.
  constexpr int kRowsPerPiece = 16;
  workers.ParallelFor(DivideUp(rows, kRowsPerPiece), [&](int piece, int) {
    const int end = std::min(rows, (piece + 1) * kRowsPerPiece);
    for (int row = piece * kRowsPerPiece; row < end; ++row) visit(row);
  });
}

// Run is a chain of steps over all tokens; within a step the workers share the pieces, and between
// steps they wait for each other. Every piece computes whole rows' dot products in one fixed order,
// and attention looks at one text at a time: that is why a text's bits are its own.
//
// For one thread at a time.
class Encoder {
 public:
  // `backend` computes the blocks' products and has packed their weights before; it, `workers` and
  // `profile`, which may be null, outlive the encoder. `activation` is feed-forward's.
  Encoder(const EncoderShape& shape, const ProductBackend& backend, Epilogue activation,
          Workers* workers, Profile* profile);

  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  // Bytes that an encoder takes, with so many workers.
  static uint64_t Bytes(const EncoderShape& shape, const ProductBackend& backend, int workers);

  // The residual stream [tokens, dim]. Before Run it holds the embeddings, rounded; afterwards row
  // i is the first token ([CLS]) of text i. The classifier reads these alone, so nothing else of
  // the last block's output is computed: exact, and an eighth less work in six blocks.
  Rows& hidden() { return hidden_; }
  // [tokens, dim] in float32, for others' use between two calls of Run.
  Rows& spare() { return projected_; }

  // `after` is the layer that runs next, whose first weights are fetched meanwhile.
  void Run(absl::Span<const EncoderBlock> blocks, const Batch& texts, const Linear* after);

  // The workers' scratch memory, for layers outside the blocks; their backend is reserved by them.
  LinearScratch& scratch() { return scratch_; }

  // Counts the time since the last step as `step`'s.
  void Took(std::string_view step) {
    if (profile_ != nullptr) profile_->Add(step, scratch_.TakeProductTime());
  }

 private:
  // `next` runs after this block; `last`: of each text, only the first token is wanted.
  void Transform(const EncoderBlock& block, const Linear* next, bool last, const Batch& texts);
  void Attend(const Batch& texts, bool first_tokens_only);
  void KeepFirstTokens(const Batch& texts);
  // y = epilogue(x W^T + bias) for the first `rows` of x. `next` is the layer that runs next.
  void Apply(const Linear& linear, const Rows& x, int rows, Rows& y, const Linear* next,
             Epilogue epilogue = Epilogue::kBias);
  // hidden = LayerNorm(hidden + sublayer)
  void AddToHidden(Rows& sublayer, const LayerNormParameters& norm, int rows);
  void Round(Rows& rows, int count);

  const EncoderShape shape_;
  const AttentionKernel& attention_;
  const Epilogue activation_;
  Workers& workers_;
  Profile* const profile_;  // or null

  Rows hidden_;       // [tokens, dim]: the residual stream
  Rows query_;        // [tokens, dim]
  Rows keys_values_;  // [tokens, 2 dim]
  Rows context_;      // [tokens, dim]: what attention found
  Rows projected_;    // [tokens, dim]: a sublayer's output, before its residual sum
  Rows expanded_;     // [tokens, hidden_dim]
  LinearScratch scratch_;
  std::vector<AlignedBuffer> attention_scratch_;  // [workers]
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_LAYERS_ENCODER_H_
