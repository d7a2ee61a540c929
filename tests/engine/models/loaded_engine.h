// A classifier loaded for a test, and run on some texts.
#ifndef VERDICT_TESTS_ENGINE_MODELS_LOADED_ENGINE_H_
#define VERDICT_TESTS_ENGINE_MODELS_LOADED_ENGINE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/files/checkpoint.h"
#include "engine/models/config.h"
#include "engine/models/encoder_classifier.h"
#include "tests/engine/fixtures/every_backend.h"

namespace verdict {

// Of several sections.
inline constexpr int kMaxBatchTokens = 2000;

// A text's tokens, and how many of them are of its first segment.
struct TextIds {
  std::vector<int32_t> ids;
  int32_t first_segment = kOneSegment;
};

inline std::unique_ptr<EncoderClassifier> LoadEngine(const std::string& directory, int threads,
                                                     NamedBackend backend = {"panels"}) {
  const auto config = LoadModelConfig(directory);
  EXPECT_TRUE(config.ok()) << config.status();
  const auto checkpoint = Checkpoint::Open(directory);
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
  auto weights = LoadClassifierWeights(*checkpoint, *config,
                                       {.layers = Make(backend), .head = MakeHeadBackend()});
  EXPECT_TRUE(weights.ok()) << weights.status();
  auto engine = EncoderClassifier::Create(
      *config, *std::move(weights), {.threads = threads, .max_batch_tokens = kMaxBatchTokens});
  EXPECT_TRUE(engine.ok()) << engine.status();
  return *std::move(engine);
}

// [texts, labels]
inline std::vector<float> RunTexts(Engine& engine, const std::vector<TextIds>& texts) {
  Batch batch;
  for (const TextIds& text : texts) batch.Append(text.ids, text.first_segment);
  const auto logits = engine.Run(batch);
  EXPECT_TRUE(logits.ok()) << logits.status();
  return logits.ok() ? logits->values : std::vector<float>{};
}

}  // namespace verdict

#endif  // VERDICT_TESTS_ENGINE_MODELS_LOADED_ENGINE_H_
