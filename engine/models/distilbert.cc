#include "engine/models/distilbert.h"

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

// Rows of a pass such as LayerNorm that one worker takes at a time: some microseconds of work.
constexpr int kRowsPerPiece = 16;

// Calls visit(row) for all rows, shared among the workers.
template <typename Visit>
void ForEachRow(Workers& workers, int rows, const Visit& visit) {
  workers.ParallelFor(DivideUp(rows, kRowsPerPiece), [&](int piece, int) {
    const int end = std::min(rows, (piece + 1) * kRowsPerPiece);
    for (int row = piece * kRowsPerPiece; row < end; ++row) visit(row);
  });
}

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

DistilBert::DistilBert(const ModelConfig& config, DistilBertWeights weights,
                       const EngineOptions& options)
    : config_(config),
      weights_(std::move(weights)),
      attention_(weights_.backends.layers->attention(config.head_dim())),
      activation_(EpilogueOf(config.activation, weights_.backends.layers->rows().rough)),
      max_tokens_(std::max(options.max_batch_tokens, config.max_tokens())),
      section_tokens_(SectionTokens(config, options)),
      profile_(options.profile),
      info_{.precision = std::string(PrecisionName(weights_.backends.layers->precision())),
            .isa = OneDnnIsa(),
            .kernels = weights_.backends.layers->kernels(),
            .rejected_kernels = weights_.rejected_kernels,
            .kernel_check = weights_.kernel_check,
            .threads = options.threads,
            .parameters = weights_.parameters},
      linear_scratch_(options.threads, /*times_products=*/options.profile != nullptr),
      workers_(options.threads) {
  const RowFormat& format = weights_.backends.layers->rows();
  const int rows = section_tokens_;
  activations_ = {.hidden = {format, rows, config.dim},
                  .query = {attention_.rows, rows, config.dim, Rows::Keeps::kRounded},
                  .keys_values = {attention_.rows, rows, 2 * config.dim, Rows::Keeps::kRounded},
                  .context = {format, rows, config.dim},
                  .projected = {RowFormat(), rows, config.dim},
                  .expanded = {format, rows, config.hidden_dim, Rows::Keeps::kRounded}};
  linear_scratch_.Reserve(weights_.backends.layers.get());
  linear_scratch_.Reserve(weights_.backends.head.get());
  for (int i = 0; i < options.threads; ++i) {
    attention_scratch_.emplace_back(
        attention_.scratch_size(config.max_tokens(), config.head_dim()));
  }
}

uint64_t DistilBert::BufferBytes(const ModelConfig& config, const ProductBackend& backend,
                                 const EngineOptions& options) {
  using enum Rows::Keeps;
  const AttentionKernel& attention = backend.attention(config.head_dim());
  const RowFormat& format = backend.rows();
  const int rows = SectionTokens(config, options);
  return 2 * Rows::Bytes(format, rows, config.dim) +                    // hidden, context
         3 * Rows::Bytes(attention.rows, rows, config.dim, kRounded) +  // query, keys, values
         Rows::Bytes(RowFormat(), rows, config.dim) +                   // projected
         Rows::Bytes(format, rows, config.hidden_dim, kRounded) +       // expanded
         options.threads * sizeof(float) *
             attention.scratch_size(config.max_tokens(), config.head_dim());
}

absl::StatusOr<std::unique_ptr<DistilBert>> DistilBert::Create(const ModelConfig& config,
                                                               DistilBertWeights weights,
                                                               const EngineOptions& options) {
  std::unique_ptr<DistilBert> model(new DistilBert(config, std::move(weights), options));
  if (absl::Status status = model->WarmUp(); !status.ok()) return status;
  return model;
}

absl::Status DistilBert::WarmUp() {
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

absl::StatusOr<Logits> DistilBert::Run(const Batch& batch) {
  if (absl::Status status = Check(batch); !status.ok()) return status;
  if (profile_ != nullptr) profile_->Start();
  const int labels = weights_.classifier.out();
  Logits logits{.values = std::vector<float>(static_cast<size_t>(batch.texts()) * labels),
                .labels = labels};
  for (int first = 0; first < batch.texts();) {
    const int end = SectionEnd(batch, first, section_tokens_);
    RunSection(Section(batch, first, end), logits.values.data() + first * labels);
    first = end;
  }
  return logits;
}

const Batch& DistilBert::Section(const Batch& batch, int first, int end) {
  if (first == 0 && end == batch.texts()) return batch;
  section_.input_ids.clear();
  section_.offsets.resize(1);
  for (int text = first; text < end; ++text) section_.Append(batch.text(text));
  return section_;
}

void DistilBert::RunSection(const Batch& section, float* logits) {
  Embed(section);
  Took("embedding");
  for (size_t i = 0; i < weights_.layers.size(); ++i) {
    const bool last = i + 1 == weights_.layers.size();
    Transform(weights_.layers[i], last ? nullptr : &weights_.layers[i + 1], section);
  }
  Classify(section.texts(), logits);
  Took("head");
}

// hidden = LayerNorm(word embedding + position embedding)
void DistilBert::Embed(const Batch& batch) {
  const size_t dim = config_.dim;
  positions_.clear();
  for (int text = 0; text < batch.texts(); ++text) {
    const int tokens = batch.offsets[text + 1] - batch.offsets[text];
    for (int position = 0; position < tokens; ++position) positions_.push_back(position);
  }
  ForEachRow(workers_, batch.tokens(), [&](int row) {
    AddLayerNorm(weights_.word_embeddings.data() + batch.input_ids[row] * dim,
                 weights_.position_embeddings.data() + positions_[row] * dim,
                 weights_.embedding_norm.weights(), config_.dim, activations_.hidden.row(row));
    activations_.hidden.Round(row);
  });
}

// hidden = LayerNorm(hidden + Attention(hidden)); hidden = LayerNorm(hidden + FeedForward(hidden))
void DistilBert::Transform(const TransformerLayer& layer, const TransformerLayer* next,
                           const Batch& batch) {
  auto& [hidden, query, keys_values, context, projected, expanded] = activations_;
  Apply(layer.key_value, hidden, batch.tokens(), keys_values, &layer.query);
  Took("key, value");
  // The classifier reads the first token ([CLS]) alone, so nothing else of the last layer's
  // output is needed: exact, and an eighth less work.
  const bool first_tokens_only = next == nullptr;
  if (first_tokens_only) KeepFirstTokens(batch);
  const int rows = first_tokens_only ? batch.texts() : batch.tokens();
  Apply(layer.query, hidden, rows, query, &layer.attention_output);
  Took("query");
  Attend(batch, first_tokens_only);
  Took("attention");
  Apply(layer.attention_output, context, rows, projected, &layer.feed_forward_in);
  Took("attention output");
  AddToHidden(projected, layer.attention_norm, rows);
  Took("norms");

  Apply(layer.feed_forward_in, hidden, rows, expanded, &layer.feed_forward_out, activation_);
  Took("feed forward in");
  Apply(layer.feed_forward_out, expanded, rows, projected,
        first_tokens_only ? &weights_.pre_classifier : &next->key_value);
  Took("feed forward out");
  AddToHidden(projected, layer.output_norm, rows);
  Took("norms");
}

// context = softmax(query key^T / sqrt(head_dim)) value, for each text and head by itself
void DistilBert::Attend(const Batch& batch, bool first_tokens_only) {
  const size_t dim = config_.dim;
  const int heads = config_.n_heads;
  const int rows = first_tokens_only ? batch.texts() : batch.tokens();
  Rows& context = activations_.context;
  const RowsView query = activations_.query.Rounded(rows);
  const RowsView keys_values = activations_.keys_values.Rounded(batch.tokens());
  const int number = attention_.rows.bytes;
  workers_.ParallelFor(batch.texts() * heads, [&](int item, int worker) {
    const int text = item / heads;
    const int first_token = batch.offsets[text];
    const int tokens = batch.offsets[text + 1] - first_token;
    const int first_query = first_tokens_only ? text : first_token;
    const int queries = first_tokens_only ? 1 : tokens;
    const int channel = item % heads * config_.head_dim();
    const std::byte* keys = keys_values.row(first_token) + channel * number;
    attention_.attend({.q = query.row(first_query) + channel * number,
                       .k = keys,
                       .v = keys + dim * number,
                       .y = context.row(first_query) + channel,
                       .q_stride = query.stride,
                       .kv_stride = keys_values.stride,
                       .y_stride = dim,
                       .queries = queries,
                       .tokens = tokens,
                       .head_dim = config_.head_dim()},
                      attention_scratch_[worker].data());
    for (int row = first_query; row < first_query + queries; ++row) {
      context.RoundColumns(row, channel, config_.head_dim());
    }
  });
  Round(context, rows);
}

// hidden becomes [texts, dim]: row i is the first token of text i. In place, as rows only move
// down.
void DistilBert::KeepFirstTokens(const Batch& batch) {
  for (int text = 0; text < batch.texts(); ++text) {
    activations_.hidden.Copy(batch.offsets[text], text);
  }
}

// logits = classifier(ReLU(pre_classifier(first token)))
void DistilBert::Classify(int texts, float* logits) {
  Rows& projected = activations_.projected;
  weights_.pre_classifier.Run({.x = activations_.hidden.Floats(texts),
                               .y = projected.AsResults(),
                               .epilogue = Epilogue::kBiasRelu},
                              workers_, linear_scratch_);
  weights_.classifier.Run(
      {.x = projected.Floats(texts),
       .y = {.floats = logits, .stride = static_cast<size_t>(weights_.classifier.out())}},
      workers_, linear_scratch_);
}

void DistilBert::Apply(const Linear& linear, const Rows& x, int rows, Rows& y, const Linear* next,
                       Epilogue epilogue) {
  linear.Run({.x = x.Rounded(rows), .y = y.AsResults(), .epilogue = epilogue, .next = next},
             workers_, linear_scratch_);
  Round(y, rows);
}

void DistilBert::AddToHidden(Rows& sublayer, const LayerNormParameters& norm, int rows) {
  Rows& hidden = activations_.hidden;
  ForEachRow(workers_, rows, [&](int row) {
    AddLayerNorm(sublayer.row(row), hidden.row(row), norm.weights(), config_.dim, hidden.row(row));
    hidden.Round(row);
  });
}

// What could not be rounded while it was written.
void DistilBert::Round(Rows& rows, int count) {
  if (!rows.rounds_whole_rows()) return;
  ForEachRow(workers_, count, [&](int row) { rows.Round(row); });
}

absl::Status DistilBert::Check(const Batch& batch) const {
  if (batch.texts() < 1 || batch.offsets.front() != 0 || batch.offsets.back() != batch.tokens()) {
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
