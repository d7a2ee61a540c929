#include "engine/kernels/attention/tile_attention.h"

#include <algorithm>
#include <cmath>

#include "engine/kernels/tiles/tile_packing.h"
#include "engine/kernels/tiles/tile_product.h"
#include "engine/memory/rounding.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/attention/tile_attention.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target.h: compiled once per instruction set.
#include "engine/kernels/attention/attention-inl.h"
#include "engine/kernels/vectors-inl.h"
#include "hwy/highway.h"

#ifndef VERDICT_ENGINE_KERNELS_ATTENTION_TILE_ATTENTION_ONCE_
#define VERDICT_ENGINE_KERNELS_ATTENTION_TILE_ATTENTION_ONCE_
namespace verdict {

// Numbers of bfloat16 in a row of a tile.
inline constexpr int kTileNumbers = kTileDepth / static_cast<int>(sizeof(Bf16));

// The most queries computed together: their scores stay in the cache.
inline constexpr int kQueriesTogether = 32;

// Where AttendInTiles keeps its parts in the scratch memory.
struct TileAttentionScratch {
  TileAttentionScratch(float* scratch, int tokens, int head_dim)
      : padded_tokens(RoundUp(tokens, kTileNumbers)),
        scores(scratch),
        output(scores + kQueriesTogether * padded_tokens),
        keys(reinterpret_cast<Bf16*>(output + kQueriesTogether * head_dim)),
        values(keys + size_t{1} * padded_tokens * head_dim),
        weights(values + size_t{1} * padded_tokens * head_dim) {}

  int padded_tokens;
  float* scores;  // [kQueriesTogether, padded_tokens]
  float* output;  // [kQueriesTogether, head_dim]
  Bf16* keys;     // [padded_tokens / kTileSize] panels of head_dim channels
  Bf16* values;   // [head_dim / kTileSize] panels of padded_tokens
  Bf16* weights;  // [kQueriesTogether + kTileSize, padded_tokens]
};

}  // namespace verdict
#endif  // VERDICT_ENGINE_KERNELS_ATTENTION_TILE_ATTENTION_ONCE_

HWY_BEFORE_NAMESPACE();
namespace verdict {
namespace HWY_NAMESPACE {

// A panel's column is a token: [head_dim / 2, kTileSize] pairs of channels, so the transposed of
// the keys, pair by pair. Past the last token anything may be: its scores are not read.
void PackKeysInTiles(const TileAttentionHead& head, const TileAttentionScratch& scratch) {
  const size_t pairs = head.head_dim / 2;
  const size_t stride = head.kv_stride / 2;
  const auto* keys = reinterpret_cast<const float*>(head.k);
  auto* panel = reinterpret_cast<float*>(scratch.keys);
  for (int first = 0; first < head.tokens; first += kTileSize) {
    const int tokens = std::min(kTileSize, head.tokens - first);
    for (int token = 0; token < tokens; token += 4) {
      for (size_t pair = 0; pair < pairs; pair += 4) {
        TransposeBlock(keys + (first + token) * stride + pair, stride, std::min(4, tokens - token),
                       4, panel + pair * kTileSize + token, kTileSize);
      }
    }
    panel += pairs * kTileSize;
  }
}

// A panel's column is a channel: [padded_tokens / 2, kTileSize] pairs of tokens.
void PackValuesInTiles(const TileAttentionHead& head, const TileAttentionScratch& scratch) {
  const hn::CappedTag<uint32_t, kTileSize> words;
  const hn::Rebind<uint16_t, decltype(words)> halves;
  const size_t lanes = hn::Lanes(words);
  const size_t panel_size = size_t{1} * scratch.padded_tokens * kTileSize;
  for (int token = 0; token < scratch.padded_tokens; token += 2) {
    const Bf16* even = head.v + token * head.kv_stride;
    for (size_t channel = 0; channel < static_cast<size_t>(head.head_dim); channel += lanes) {
      auto pairs = hn::Zero(words);
      if (token < head.tokens) pairs = hn::PromoteTo(words, hn::LoadU(halves, even + channel));
      if (token + 1 < head.tokens) {
        const auto odd = hn::LoadU(halves, even + head.kv_stride + channel);
        pairs = hn::Or(pairs, hn::ShiftLeft<16>(hn::PromoteTo(words, odd)));
      }
      Bf16* to = scratch.values + channel / kTileSize * panel_size + token * kTileSize;
      hn::StoreU(pairs, words, reinterpret_cast<uint32_t*>(to) + channel % kTileSize);
    }
  }
}

// weights = softmax(scale * scores) but for the sums, one over which it gives; zeros past the last
// token.
void WeighForTarget(const TileAttentionScratch& scratch, int rows, int tokens, float scale,
                    float* one_over_sums) {
  for (int row = 0; row < rows; ++row) {
    const size_t padded_tokens = scratch.padded_tokens;
    const float* scores = scratch.scores + row * padded_tokens;
    Bf16* weights = scratch.weights + row * padded_tokens;
    one_over_sums[row] = Exponentiate<Exp2PolynomialForBf16>(
        scores, tokens, scale, [=](Vec numbers, size_t i) HWY_ATTR {
          // To the nearest bfloat16, of two the upper: so many weights are not worth more.
          const hn::RebindToUnsigned<F32> words;
          const auto rounded = hn::Add(hn::BitCast(words, numbers), hn::Set(words, 0x8000));
          hn::StoreU(hn::TruncateTo(U16(), hn::ShiftRight<16>(rounded)), U16(), weights + i);
        });
    std::fill(weights + RoundUp<size_t>(tokens, hn::Lanes(F32())), weights + padded_tokens,
              Bf16{0});
  }
}

// y = output * factors, row by row.
void ScaleRowsForTarget(const float* output, const float* factors, int rows, int columns, float* y,
                        size_t y_stride) {
  const F32 d;
  for (int row = 0; row < rows; ++row) {
    const auto factor = hn::Set(d, factors[row]);
    for (size_t i = 0; i < static_cast<size_t>(columns); i += hn::Lanes(d)) {
      hn::StoreU(hn::Mul(hn::Load(d, output + row * columns + i), factor), d,
                 y + row * y_stride + i);
    }
  }
}

void PackInTilesForTarget(const TileAttentionHead& head, const TileAttentionScratch& scratch) {
  PackKeysInTiles(head, scratch);
  PackValuesInTiles(head, scratch);
}

}  // namespace HWY_NAMESPACE
}  // namespace verdict
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace verdict {

HWY_EXPORT(PackInTilesForTarget);
HWY_EXPORT(WeighForTarget);
HWY_EXPORT(ScaleRowsForTarget);

namespace {

// y [rows, panels * kTileSize] = x W^T
void Multiply(const Bf16* x, size_t x_stride, int rows, int in, const Bf16* panels, int panel_count,
              float* y) {
  MultiplyTiles({.type = TileType::kBf16,
                 .x = x,
                 .x_stride = x_stride * sizeof(Bf16),
                 .rows = rows,
                 .in = in,
                 .panels = reinterpret_cast<const int8_t*>(panels),
                 .panel_count = panel_count,
                 .y = y,
                 .to_fetch = {}});
}

}  // namespace

bool HasTileAttention(int head_dim) { return HasTiles() && head_dim % kTileNumbers == 0; }

size_t TileAttentionScratchSize(int max_tokens, int head_dim) {
  const size_t tokens = RoundUp(max_tokens, kTileNumbers);
  const size_t floats = kQueriesTogether * (tokens + head_dim);
  const size_t halves = 2 * tokens * head_dim + (kQueriesTogether + kTileSize) * tokens;
  return floats + halves / 2;
}

void AttendInTiles(const TileAttentionHead& head, float* memory) {
  const TileAttentionScratch scratch(memory, head.tokens, head.head_dim);
  HWY_DYNAMIC_DISPATCH(PackInTilesForTarget)(head, scratch);
  const float scale = 1.0f / std::sqrt(static_cast<float>(head.head_dim));
  for (int first = 0; first < head.queries; first += kQueriesTogether) {
    const int rows = std::min(kQueriesTogether, head.queries - first);
    float one_over_sums[kQueriesTogether];
    Multiply(head.q + first * head.q_stride, head.q_stride, rows, head.head_dim, scratch.keys,
             scratch.padded_tokens / kTileSize, scratch.scores);
    HWY_DYNAMIC_DISPATCH(WeighForTarget)(scratch, rows, head.tokens, scale, one_over_sums);
    Multiply(scratch.weights, scratch.padded_tokens, rows, scratch.padded_tokens, scratch.values,
             head.head_dim / kTileSize, scratch.output);
    HWY_DYNAMIC_DISPATCH(ScaleRowsForTarget)
    (scratch.output, one_over_sums, rows, head.head_dim, head.y + first * head.y_stride,
     head.y_stride);
  }
}

}  // namespace verdict
#endif  // HWY_ONCE
