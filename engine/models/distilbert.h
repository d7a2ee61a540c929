// DistilBERT (Sanh et al. 2019) as a sequence classifier.
#ifndef VERDICT_ENGINE_MODELS_DISTILBERT_H_
#define VERDICT_ENGINE_MODELS_DISTILBERT_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/engine.h"
#include "engine/kernels/product.h"
#include "engine/layers/linear.h"
#include "engine/memory/aligned_buffer.h"
#include "engine/models/config.h"
#include "engine/models/distilbert_weights.h"
#include "engine/threads/workers.h"

namespace verdict {

// Run is a chain of steps over all tokens of the batch; within a step the workers share the pieces,
// and between steps they wait for each other. Every piece computes whole rows' dot products in one
// fixed order, and attention looks at one text at a time: that is why a text's bits are its own.
class DistilBert : public Engine {
 public:
  // Takes memory for the largest batch, and runs twice at the smallest and the largest size, or
  // that of 8,192 tokens: to be warm, and to know how long such a run takes.
  //
  // INTERNAL: as Run. INVALID_ARGUMENT: the logits of these runs are not finite.
  static absl::StatusOr<std::unique_ptr<DistilBert>> Create(const ModelConfig& config,
                                                            DistilBertWeights weights,
                                                            const EngineOptions& options);

  // Bytes that Create will take beside the weights, at most.
  static uint64_t BufferBytes(const ModelConfig& config, const ProductBackend& backend,
                              const EngineOptions& options);

  absl::StatusOr<Logits> Run(const Batch& batch) override;
  const EngineInfo& info() const override { return info_; }

 private:
  // Activations, [tokens of the largest section, …].
  struct Activations {
    Rows hidden;       // [tokens, dim]: the residual stream
    Rows query;        // [tokens, dim]
    Rows keys_values;  // [tokens, 2 dim]
    Rows context;      // [tokens, dim]: what attention found
    Rows projected;    // [tokens, dim]: a sublayer's output, before its residual sum
    Rows expanded;     // [tokens, hidden_dim]
  };

  DistilBert(const ModelConfig& config, DistilBertWeights weights, const EngineOptions& options);

  absl::Status Check(const Batch& batch) const;
  absl::Status WarmUp();
  // Some texts of `batch`; valid until the next call.
  const Batch& Section(const Batch& batch, int first, int end);
  // logits is [texts, labels].
  void RunSection(const Batch& section, float* logits);
  void Embed(const Batch& batch);
  // `next` is the layer after this one, or null.
  void Transform(const TransformerLayer& layer, const TransformerLayer* next, const Batch& batch);
  void Attend(const Batch& batch, bool first_tokens_only);
  void KeepFirstTokens(const Batch& batch);
  void Classify(int texts, float* logits);

  // Counts the time since the last step as `step`'s.
  void Took(std::string_view step) {
    if (profile_ != nullptr) profile_->Add(step, linear_scratch_.TakeProductTime());
  }

  // y = epilogue(x W^T + bias) for the first `rows` of x. `next` is the layer that runs next.
  void Apply(const Linear& linear, const Rows& x, int rows, Rows& y, const Linear* next,
             Epilogue epilogue = Epilogue::kBias);
  // hidden = LayerNorm(hidden + sublayer)
  void AddToHidden(Rows& sublayer, const LayerNormParameters& norm, int rows);
  void Round(Rows& rows, int count);

  const ModelConfig config_;
  const DistilBertWeights weights_;
  const AttentionKernel& attention_;
  const Epilogue activation_;
  const int max_tokens_;      // of a batch
  const int section_tokens_;  // at most: see sections.h
  Profile* const profile_;    // or null
  EngineInfo info_;

  Batch section_;                   // of a batch that has several
  std::vector<int32_t> positions_;  // [tokens]: each token's place in its text
  Activations activations_;
  LinearScratch linear_scratch_;
  std::vector<AlignedBuffer> attention_scratch_;  // [threads]
  Workers workers_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_MODELS_DISTILBERT_H_
