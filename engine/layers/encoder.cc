#include "engine/layers/encoder.h"

#include <algorithm>
#include <cstddef>

namespace verdict {

Encoder::Encoder(const EncoderShape& shape, const ProductBackend& backend, Epilogue activation,
                 Workers* workers, Profile* profile)
    : shape_(shape),
      attention_(backend.attention(shape.head_dim())),
      activation_(activation),
      workers_(*workers),
      profile_(profile),
      hidden_(backend.rows(), shape.max_tokens, shape.dim),
      query_(attention_.rows, shape.max_tokens, shape.dim, Rows::Keeps::kRounded),
      keys_values_(attention_.rows, shape.max_tokens, 2 * shape.dim, Rows::Keeps::kRounded),
      context_(backend.rows(), shape.max_tokens, shape.dim),
      projected_(RowFormat(), shape.max_tokens, shape.dim),
      expanded_(backend.rows(), shape.max_tokens, shape.hidden_dim, Rows::Keeps::kRounded),
      scratch_(workers->threads(), /*times_products=*/profile != nullptr) {
  scratch_.Reserve(&backend);
  for (int i = 0; i < workers->threads(); ++i) {
    attention_scratch_.emplace_back(
        attention_.scratch_size(shape.max_text_tokens, shape.head_dim()));
  }
}

uint64_t Encoder::Bytes(const EncoderShape& shape, const ProductBackend& backend, int workers) {
  using enum Rows::Keeps;
  const AttentionKernel& attention = backend.attention(shape.head_dim());
  const RowFormat& format = backend.rows();
  const int rows = shape.max_tokens;
  return 2 * Rows::Bytes(format, rows, shape.dim) +                    // hidden, context
         3 * Rows::Bytes(attention.rows, rows, shape.dim, kRounded) +  // query, keys, values
         Rows::Bytes(RowFormat(), rows, shape.dim) +                   // projected
         Rows::Bytes(format, rows, shape.hidden_dim, kRounded) +       // expanded
         workers * sizeof(float) * attention.scratch_size(shape.max_text_tokens, shape.head_dim());
}

void Encoder::Run(absl::Span<const EncoderBlock> blocks, const Batch& texts, const Linear* after) {
  for (size_t i = 0; i < blocks.size(); ++i) {
    const bool last = i + 1 == blocks.size();
    Transform(blocks[i], last ? after : &blocks[i + 1].key_value, last, texts);
  }
}

// hidden = LayerNorm(hidden + Attention(hidden)); hidden = LayerNorm(hidden + FeedForward(hidden))
void Encoder::Transform(const EncoderBlock& block, const Linear* next, bool last,
                        const Batch& texts) {
  Apply(block.key_value, hidden_, texts.tokens(), keys_values_, &block.query);
  Took("key, value");
  if (last) KeepFirstTokens(texts);
  const int rows = last ? texts.texts() : texts.tokens();
  Apply(block.query, hidden_, rows, query_, &block.attention_output);
  Took("query");
  Attend(texts, last);
  Took("attention");
  Apply(block.attention_output, context_, rows, projected_, &block.feed_forward_in);
  Took("attention output");
  AddToHidden(projected_, block.attention_norm, rows);
  Took("norms");

  Apply(block.feed_forward_in, hidden_, rows, expanded_, &block.feed_forward_out, activation_);
  Took("feed forward in");
  Apply(block.feed_forward_out, expanded_, rows, projected_, next);
  Took("feed forward out");
  AddToHidden(projected_, block.output_norm, rows);
  Took("norms");
}

// context = softmax(query key^T / sqrt(head_dim)) value, for each text and head by itself
void Encoder::Attend(const Batch& texts, bool first_tokens_only) {
  const size_t dim = shape_.dim;
  const int heads = shape_.heads;
  const int rows = first_tokens_only ? texts.texts() : texts.tokens();
  const RowsView query = query_.Rounded(rows);
  const RowsView keys_values = keys_values_.Rounded(texts.tokens());
  const int number = attention_.rows.bytes;
  workers_.ParallelFor(texts.texts() * heads, [&](int item, int worker) {
    const int text = item / heads;
    const int first_token = texts.offsets[text];
    const int tokens = texts.offsets[text + 1] - first_token;
    const int first_query = first_tokens_only ? text : first_token;
    const int queries = first_tokens_only ? 1 : tokens;
    const int channel = item % heads * shape_.head_dim();
    const std::byte* keys = keys_values.row(first_token) + channel * number;
    attention_.attend({.q = query.row(first_query) + channel * number,
                       .k = keys,
                       .v = keys + dim * number,
                       .y = context_.row(first_query) + channel,
                       .q_stride = query.stride,
                       .kv_stride = keys_values.stride,
                       .y_stride = dim,
                       .queries = queries,
                       .tokens = tokens,
                       .head_dim = shape_.head_dim()},
                      attention_scratch_[worker].data());
    for (int row = first_query; row < first_query + queries; ++row) {
      context_.RoundColumns(row, channel, shape_.head_dim());
    }
  });
  Round(context_, rows);
}

// hidden becomes [texts, dim]: row i is the first token of text i. In place, as rows only move
// down.
void Encoder::KeepFirstTokens(const Batch& texts) {
  for (int text = 0; text < texts.texts(); ++text) hidden_.Copy(texts.offsets[text], text);
}

void Encoder::Apply(const Linear& linear, const Rows& x, int rows, Rows& y, const Linear* next,
                    Epilogue epilogue) {
  linear.Run({.x = x.Rounded(rows), .y = y.AsResults(), .epilogue = epilogue, .next = next},
             workers_, scratch_);
  Round(y, rows);
}

void Encoder::AddToHidden(Rows& sublayer, const LayerNormParameters& norm, int rows) {
  ForEachRow(workers_, rows, [&](int row) {
    AddLayerNorm(sublayer.row(row), hidden_.row(row), norm.weights(), shape_.dim, hidden_.row(row));
    hidden_.Round(row);
  });
}

// What could not be rounded while it was written.
void Encoder::Round(Rows& rows, int count) {
  if (!rows.rounds_whole_rows()) return;
  ForEachRow(workers_, count, [&](int row) { rows.Round(row); });
}

}  // namespace verdict
