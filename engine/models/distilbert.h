// DistilBERT (Sanh et al. 2019) as a sequence classifier.
#ifndef VERDICT_ENGINE_MODELS_DISTILBERT_H_
#define VERDICT_ENGINE_MODELS_DISTILBERT_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/engine.h"
#include "engine/kernels/product.h"
#include "engine/layers/encoder.h"
#include "engine/models/config.h"
#include "engine/models/distilbert_weights.h"
#include "engine/threads/workers.h"

namespace verdict {

// The encoder (layers/encoder.h) with position embeddings, and a head of two layers on [CLS].
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
  DistilBert(const ModelConfig& config, DistilBertWeights weights, const EngineOptions& options);

  absl::Status Check(const Batch& batch) const;
  absl::Status WarmUp();
  // Some texts of `batch`; valid until the next call.
  const Batch& Section(const Batch& batch, int first, int end);
  // logits is [texts, labels].
  void RunSection(const Batch& section, float* logits);
  void Embed(const Batch& batch);
  void Classify(int texts, float* logits);

  const ModelConfig config_;
  const DistilBertWeights weights_;
  const int max_tokens_;      // of a batch
  const EncoderShape shape_;  // of a section of a batch: see sections.h
  Profile* const profile_;    // or null
  EngineInfo info_;

  Batch section_;                   // of a batch that has several
  std::vector<int32_t> positions_;  // [tokens]: each token's place in its text
  Workers workers_;
  Encoder encoder_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_MODELS_DISTILBERT_H_
