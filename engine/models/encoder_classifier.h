// The BERT family (Devlin et al. 2018; Sanh et al. 2019) as sequence classifiers.
#ifndef VERDICT_ENGINE_MODELS_ENCODER_CLASSIFIER_H_
#define VERDICT_ENGINE_MODELS_ENCODER_CLASSIFIER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/engine.h"
#include "engine/kernels/product.h"
#include "engine/layers/encoder.h"
#include "engine/models/classifier_weights.h"
#include "engine/models/embeddings.h"
#include "engine/models/model_config.h"
#include "engine/threads/workers.h"

namespace verdict {

// Embeddings, the encoder (layers/encoder.h), and a head of two layers on each text's first token.
// What tells the architectures apart was decided when the weights were bound: nothing here asks.
class EncoderClassifier : public Engine {
 public:
  // Takes memory for the largest batch, and runs twice at the smallest and the largest size, or
  // that of 8,192 tokens: to be warm, and to know how long such a run takes.
  //
  // INTERNAL: as Run. INVALID_ARGUMENT: the logits of these runs are not finite.
  static absl::StatusOr<std::unique_ptr<EncoderClassifier>> Create(const ModelConfig& config,
                                                                   ClassifierWeights weights,
                                                                   const EngineOptions& options);

  // Bytes that Create will take beside the weights, at most.
  static uint64_t BufferBytes(const ModelConfig& config, const ProductBackend& backend,
                              const EngineOptions& options);

  absl::StatusOr<Logits> Run(const Batch& batch) override;
  const EngineInfo& info() const override { return info_; }

 private:
  EncoderClassifier(const ModelConfig& config, ClassifierWeights weights,
                    const EngineOptions& options);

  absl::Status Check(const Batch& batch) const;
  absl::Status WarmUp();
  // Some texts of `batch`; valid until the next call.
  const Batch& Section(const Batch& batch, int first, int end);
  // logits is [texts, labels].
  void RunSection(const Batch& section, float* logits);
  void Classify(int texts, float* logits);

  const ModelConfig config_;
  const ClassifierWeights weights_;
  const int max_tokens_;      // of a batch
  const EncoderShape shape_;  // of a section of a batch: see sections.h
  Profile* const profile_;    // or null
  EngineInfo info_;

  Batch section_;  // of a batch that has several
  Workers workers_;
  Embeddings embeddings_;
  Encoder encoder_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_MODELS_ENCODER_CLASSIFIER_H_
