#include "engine/models/encoder_classifier.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "engine/kernels/onednn/onednn.h"
#include "engine/memory/rounding.h"
#include "engine/models/sections.h"

namespace verdict {
namespace {

// Tokens of a section for each thread: enough to make the streaming of the weights cheap, and few
// enough for a layer's activations to stay near.
constexpr int kSectionTokensPerThread = 384;

// What makes `activation`'s numbers; `rough`: they are rounded coarsely afterwards.
Epilogue EpilogueOf(HiddenActivation activation, bool rough) {
  switch (activation) {
    case HiddenActivation::kGelu:
      return rough ? Epilogue::kBiasRoughGelu : Epilogue::kBiasGelu;
    case HiddenActivation::kGelu10:
      return Epilogue::kBiasGelu10;
    case HiddenActivation::kGeluTanh:
      return Epilogue::kBiasGeluTanh;
    case HiddenActivation::kQuickGelu:
      return Epilogue::kBiasQuickGelu;
    case HiddenActivation::kSilu:
      return Epilogue::kBiasSilu;
    case HiddenActivation::kRelu:
      return Epilogue::kBiasRelu;
  }
  return Epilogue::kBiasGelu;
}

// Attention takes the square of a text's tokens: a longer one would keep the start waiting.
constexpr int kMaxWarmUpTokens = 8192;

// The most tokens of a section: see sections.h.
int SectionTokens(const ModelConfig& config, const EngineOptions& options) {
  const int max_tokens = std::max(options.max_batch_tokens, config.max_tokens());
  return std::min(max_tokens,
                  std::max(kSectionTokensPerThread * options.threads, config.max_tokens()));
}

EncoderShape ShapeOf(const ModelConfig& config, const EngineOptions& options) {
  return {.dim = config.dim,
          .heads = config.n_heads,
          .hidden_dim = config.hidden_dim,
          .max_text_tokens = config.max_tokens(),
          .max_tokens = SectionTokens(config, options)};
}

// A text of `tokens` tokens from all over the vocabulary.
Batch BatchOfOne(int tokens, int vocab_size) {
  std::vector<int32_t> ids(tokens);
  for (int i = 0; i < tokens; ++i) ids[i] = static_cast<int32_t>(int64_t{i} * vocab_size / tokens);
  Batch batch;
  batch.Append(ids);
  return batch;
}

// Finite weights can overflow in the forward pass. Such a model would fail on every text.
absl::Status CheckFinite(absl::Span<const float> logits, int tokens) {
  const auto found =
      std::find_if(logits.begin(), logits.end(), [](float logit) { return !std::isfinite(logit); });
  if (found == logits.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "the model's weights overflow: of a text of ", tokens, " tokens, logit ",
      found - logits.begin(), " is ", *found,
      ", expected a finite number; try the checkpoint in transformers, and export it again"));
}

}  // namespace

EncoderClassifier::EncoderClassifier(const ModelConfig& config, ClassifierWeights weights,
                                     const EngineOptions& options)
    : config_(config),
      weights_(std::move(weights)),
      max_tokens_(std::max(options.max_batch_tokens, config.max_tokens())),
      shape_(ShapeOf(config, options)),
      profile_(options.profile),
      info_{.precision = std::string(PrecisionName(weights_.backends.layers->precision())),
            .isa = OneDnnIsa(),
            .kernels = weights_.backends.layers->kernels(),
            .rejected_kernels = weights_.rejected_kernels,
            .kernel_check = weights_.kernel_check,
            .threads = options.threads,
            .parameters = weights_.parameters},
      workers_(options.threads),
      embeddings_(config_, weights_.embeddings, *weights_.backends.layers, shape_.max_tokens,
                  &workers_),
      encoder_(shape_, *weights_.backends.layers,
               EpilogueOf(config.activation, weights_.backends.layers->rows().rough), &workers_,
               options.profile) {
  encoder_.scratch().Reserve(weights_.backends.head.get());
}

uint64_t EncoderClassifier::BufferBytes(const ModelConfig& config, const ProductBackend& backend,
                                        const EngineOptions& options) {
  const EncoderShape shape = ShapeOf(config, options);
  return Encoder::Bytes(shape, backend, options.threads) +
         Embeddings::Bytes(config, backend, shape.max_tokens);
}

absl::StatusOr<std::unique_ptr<EncoderClassifier>> EncoderClassifier::Create(
    const ModelConfig& config, ClassifierWeights weights, const EngineOptions& options) {
  std::unique_ptr<EncoderClassifier> model(
      new EncoderClassifier(config, std::move(weights), options));
  if (absl::Status status = model->WarmUp(); !status.ok()) return status;
  return model;
}

absl::Status EncoderClassifier::WarmUp() {
  for (const int tokens : {1, std::min(config_.max_tokens(), kMaxWarmUpTokens)}) {
    const Batch batch = BatchOfOne(tokens, config_.vocab_size);
    if (auto logits = Run(batch); !logits.ok()) return logits.status();
    const auto start = std::chrono::steady_clock::now();
    const auto logits = Run(batch);
    if (!logits.ok()) return logits.status();
    if (absl::Status status = CheckFinite(logits->row(0), tokens); !status.ok()) return status;
    info_.warm_up.push_back({tokens, std::chrono::steady_clock::now() - start});
  }
  return absl::OkStatus();
}

absl::StatusOr<Logits> EncoderClassifier::Run(const Batch& batch) {
  if (absl::Status status = Check(batch); !status.ok()) return status;
  if (profile_ != nullptr) profile_->Start();
  const int labels = weights_.head.classifier.out();
  Logits logits{.values = std::vector<float>(static_cast<size_t>(batch.texts()) * labels),
                .labels = labels};
  for (int first = 0; first < batch.texts();) {
    const int end = SectionEnd(batch, first, shape_.max_tokens);
    RunSection(Section(batch, first, end), logits.values.data() + first * labels);
    first = end;
  }
  return logits;
}

const Batch& EncoderClassifier::Section(const Batch& batch, int first, int end) {
  if (first == 0 && end == batch.texts()) return batch;
  section_.input_ids.clear();
  section_.offsets.resize(1);
  section_.first_segments.clear();
  for (int text = first; text < end; ++text) {
    section_.Append(batch.text(text), batch.first_segments[text]);
  }
  return section_;
}

void EncoderClassifier::RunSection(const Batch& section, float* logits) {
  embeddings_.Run(section, encoder_.hidden(), encoder_.scratch());
  encoder_.Took("embedding");
  encoder_.Run(weights_.blocks, section, &weights_.head.dense);
  Classify(section.texts(), logits);
  encoder_.Took("head");
}

// logits = classifier(activation(dense(first token)))
void EncoderClassifier::Classify(int texts, float* logits) {
  Rows& projected = encoder_.spare();
  const HeadWeights& head = weights_.head;
  head.dense.Run({.x = encoder_.hidden().Floats(texts),
                  .y = projected.AsResults(),
                  .epilogue = head.activation},
                 workers_, encoder_.scratch());
  head.classifier.Run(
      {.x = projected.Floats(texts),
       .y = {.floats = logits, .stride = static_cast<size_t>(head.classifier.out())}},
      workers_, encoder_.scratch());
}

absl::Status EncoderClassifier::Check(const Batch& batch) const {
  if (batch.texts() < 1 || batch.offsets.front() != 0 || batch.offsets.back() != batch.tokens() ||
      batch.first_segments.size() != static_cast<size_t>(batch.texts())) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a batch of %d texts and %d tokens with offsets that do not span them",
                        batch.texts(), batch.tokens()));
  }
  for (int text = 0; text < batch.texts(); ++text) {
    const int tokens = batch.offsets[text + 1] - batch.offsets[text];
    if (tokens < 1 || tokens > config_.max_tokens()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("text %d of the batch has %d tokens; expected 1 to %d", text, tokens,
                          config_.max_tokens()));
    }
  }
  if (batch.tokens() > max_tokens_) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the batch has %d tokens; expected at most %d", batch.tokens(), max_tokens_));
  }
  for (int32_t id : batch.input_ids) {
    if (id < 0 || id >= config_.vocab_size) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "the batch holds the id %d; expected 0 to %d", id, config_.vocab_size - 1));
    }
  }
  return absl::OkStatus();
}

}  // namespace verdict
