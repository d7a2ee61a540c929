#include "engine/models/distilbert.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "engine/kernels/attention/attention.h"
#include "engine/kernels/attention/tile_attention.h"
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

// What makes `activation`'s numbers before they are rounded to `type`.
Epilogue EpilogueOf(HiddenActivation activation, InputType type) {
  const bool narrow =
      type == InputType::kBf16 || type == InputType::kInt8 || type == InputType::kUint8;
  switch (activation) {
    case HiddenActivation::kGelu:
      return narrow ? Epilogue::kBiasRoughGelu : Epilogue::kBiasGelu;
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

Batch BatchOfOne(int tokens) {
  Batch batch;
  batch.Append(std::vector<int32_t>(tokens, 0));
  return batch;
}

}  // namespace

DistilBert::DistilBert(const ModelConfig& config, DistilBertWeights weights,
                       const EngineOptions& options)
    : config_(config),
      weights_(std::move(weights)),
      input_type_(weights_.products.input()),
      attends_in_tiles_(weights_.products.kernels == Kernels::kTiles &&
                        weights_.products.precision != Precision::kF32 &&
                        HasTileAttention(config.head_dim())),
      max_tokens_(std::max(options.max_batch_tokens, config.max_tokens())),
      section_tokens_(SectionTokens(config, options)),
      profile_(options.profile),
      info_{.precision = std::string(PrecisionName(weights_.products.precision)),
            .isa = OneDnnIsa(),
            .kernels = absl::StrJoin(weights_.kernels, ","),
            .threads = options.threads,
            .parameters = weights_.parameters},
      linear_scratch_(options.threads, /*times_products=*/options.profile != nullptr),
      workers_(options.threads) {
  const int rows = section_tokens_ + InnerProduct::kMaxRows;
  const auto rows_of = [rows](int columns) {
    return AlignedBuffer(static_cast<size_t>(rows) * columns);
  };
  const auto rows_of_bf16 = [rows](int columns) {
    return AlignedArray<Bf16>(static_cast<size_t>(rows) * columns);
  };
  activations_ = {.hidden = {weights_.products, rows, config.dim},
                  .query = rows_of(attends_in_tiles_ ? 0 : config.dim),
                  .key_value = rows_of(attends_in_tiles_ ? 0 : 2 * config.dim),
                  .query_bf16 = rows_of_bf16(attends_in_tiles_ ? config.dim : 0),
                  .key_value_bf16 = rows_of_bf16(attends_in_tiles_ ? 2 * config.dim : 0),
                  .context = {weights_.products, rows, config.dim},
                  .projected = rows_of(config.dim),
                  .expanded = {weights_.products, rows, config.hidden_dim}};
  for (const TransformerLayer& layer : weights_.layers) {
    for (const Linear* linear : {&layer.query, &layer.key_value, &layer.attention_output,
                                 &layer.feed_forward_in, &layer.feed_forward_out}) {
      linear->Reserve(linear_scratch_);
    }
  }
  weights_.pre_classifier.Reserve(linear_scratch_);
  weights_.classifier.Reserve(linear_scratch_);
  for (int i = 0; i < options.threads; ++i) {
    attention_scratch_.emplace_back(
        attends_in_tiles_ ? TileAttentionScratchSize(config.max_tokens(), config.head_dim())
                          : AttentionScratchSize(config.max_tokens(), config.head_dim()));
  }
}

uint64_t DistilBert::BufferBytes(const ModelConfig& config, ProductKind products,
                                 const EngineOptions& options) {
  const uint64_t rows = SectionTokens(config, options) + InnerProduct::kMaxRows;
  const uint64_t rounded = sizeof(float) + ElementSize(products.input());
  // hidden, context; query, keys and values, projected; expanded
  const uint64_t row =
      2 * config.dim * rounded + 4 * config.dim * sizeof(float) + config.hidden_dim * rounded;
  const uint64_t scratch =
      std::max(TileAttentionScratchSize(config.max_tokens(), config.head_dim()),
               AttentionScratchSize(config.max_tokens(), config.head_dim()));
  return rows * row + options.threads * scratch * sizeof(float);
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
    const Batch batch = BatchOfOne(tokens);
    if (auto logits = Run(batch); !logits.ok()) return logits.status();
    const auto start = std::chrono::steady_clock::now();
    if (auto logits = Run(batch); !logits.ok()) return logits.status();
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
  // The classifier reads the first token ([CLS]) alone, so nothing else of the last layer's
  // output is needed: exact, and an eighth less work.
  const bool first_tokens_only = next == nullptr;
  AlignedBuffer& projected = activations_.projected;
  ProjectForAttention(layer.key_value, batch.tokens(), activations_.key_value,
                      activations_.key_value_bf16, &layer.query);
  Took("key, value");
  if (first_tokens_only) KeepFirstTokens(batch);
  const int rows = first_tokens_only ? batch.texts() : batch.tokens();
  ProjectForAttention(layer.query, rows, activations_.query, activations_.query_bf16,
                      &layer.attention_output);
  Took("query");
  Attention(batch, first_tokens_only);
  Took("attention");
  Project(layer.attention_output, activations_.context, rows, projected, &layer.feed_forward_in);
  Took("attention output");
  AddToHidden(projected, layer.attention_norm, rows);
  Took("norms");

  Expand(layer.feed_forward_in, rows, &layer.feed_forward_out);
  Took("feed forward in");
  Project(layer.feed_forward_out, activations_.expanded, rows, projected,
          next == nullptr ? &weights_.pre_classifier : &next->key_value);
  Took("feed forward out");
  AddToHidden(projected, layer.output_norm, rows);
  Took("norms");
}

// context = softmax(query key^T / sqrt(head_dim)) value, for each text and head by itself
void DistilBert::Attention(const Batch& batch, bool first_tokens_only) {
  const size_t dim = config_.dim;
  const int heads = config_.n_heads;
  workers_.ParallelFor(batch.texts() * heads, [&](int item, int worker) {
    const int text = item / heads;
    const int first_token = batch.offsets[text];
    const int tokens = batch.offsets[text + 1] - first_token;
    const int first_query = first_tokens_only ? text : first_token;
    const int queries = first_tokens_only ? 1 : tokens;
    const int channel = item % heads * config_.head_dim();
    const auto head = [&]<class T>(const T* query, const T* key_value) {
      const T* keys = key_value + first_token * 2 * dim + channel;
      return AttentionHeadOf<T>{.q = query + first_query * dim + channel,
                                .k = keys,
                                .v = keys + dim,
                                .y = activations_.context.row(first_query) + channel,
                                .q_stride = dim,
                                .kv_stride = 2 * dim,
                                .y_stride = dim,
                                .queries = queries,
                                .tokens = tokens,
                                .head_dim = config_.head_dim()};
    };
    float* scratch = attention_scratch_[worker].data();
    if (attends_in_tiles_) {
      AttendInTiles(head(activations_.query_bf16.data(), activations_.key_value_bf16.data()),
                    scratch);
    } else {
      Attend(head(activations_.query.data(), activations_.key_value.data()), scratch);
    }
    for (int row = first_query; row < first_query + queries; ++row) {
      activations_.context.RoundColumns(row, channel, config_.head_dim());
    }
  });
  if (HasScale(input_type_)) {  // a row's scale is that of all its heads
    ForEachRow(workers_, first_tokens_only ? batch.texts() : batch.tokens(),
               [&](int row) { activations_.context.Round(row); });
  }
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
  AlignedBuffer& projected = activations_.projected;
  weights_.pre_classifier.Run({.x = activations_.hidden.row(0),
                               .x_stride = config_.dim * sizeof(float),
                               .rows = texts,
                               .y = projected.data(),
                               .y_stride = static_cast<size_t>(config_.dim),
                               .epilogue = Epilogue::kBiasRelu},
                              workers_, linear_scratch_);
  weights_.classifier.Run({.x = projected.data(),
                           .x_stride = config_.dim * sizeof(float),
                           .rows = texts,
                           .y = logits,
                           .y_stride = static_cast<size_t>(weights_.classifier.out())},
                          workers_, linear_scratch_);
}

// y = x W^T + bias
void DistilBert::Project(const Linear& linear, const ProductInput& x, int rows, AlignedBuffer& y,
                         const Linear* next) {
  linear.Run({.x = x.rounded(),
              .x_stride = x.rounded_stride(),
              .x_quantizations = x.quantizations(),
              .rows = rows,
              .y = y.data(),
              .y_stride = static_cast<size_t>(linear.out()),
              .next = next},
             workers_, linear_scratch_);
}

void DistilBert::ProjectForAttention(const Linear& linear, int rows, AlignedBuffer& y,
                                     AlignedArray<Bf16>& y_bf16, const Linear* next) {
  Linear::Call call = {.x = activations_.hidden.rounded(),
                       .x_stride = activations_.hidden.rounded_stride(),
                       .x_quantizations = activations_.hidden.quantizations(),
                       .rows = rows,
                       .y_stride = static_cast<size_t>(linear.out()),
                       .next = next};
  if (attends_in_tiles_) {
    call.y_bf16 = y_bf16.data();
  } else {
    call.y = y.data();
  }
  linear.Run(call, workers_, linear_scratch_);
}

// expanded = activation(hidden W^T + bias)
void DistilBert::Expand(const Linear& linear, int rows, const Linear* next) {
  ProductInput& expanded = activations_.expanded;
  Linear::Call call = {.x = activations_.hidden.rounded(),
                       .x_stride = activations_.hidden.rounded_stride(),
                       .x_quantizations = activations_.hidden.quantizations(),
                       .rows = rows,
                       .epilogue = EpilogueOf(config_.activation, input_type_),
                       .next = next};
  if (input_type_ == InputType::kBf16) {
    call.y_bf16 = static_cast<Bf16*>(expanded.rounded());
    call.y_stride = expanded.rounded_stride() / sizeof(Bf16);
  } else {
    call.y = expanded.row(0);
    call.y_stride = linear.out();
  }
  linear.Run(call, workers_, linear_scratch_);
  if (HasScale(input_type_)) {
    ForEachRow(workers_, rows, [&](int row) { expanded.Round(row); });
  }
}

void DistilBert::AddToHidden(const AlignedBuffer& sublayer, const LayerNormParameters& norm,
                             int rows) {
  const size_t dim = config_.dim;
  ForEachRow(workers_, rows, [&](int row) {
    float* hidden = activations_.hidden.row(row);
    AddLayerNorm(sublayer.data() + row * dim, hidden, norm.weights(), config_.dim, hidden);
    activations_.hidden.Round(row);
  });
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
