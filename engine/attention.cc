#include "engine/attention.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/attention.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target.h: compiled once per instruction set.
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

#ifndef VERDICT_ENGINE_ATTENTION_ONCE_
#define VERDICT_ENGINE_ATTENTION_ONCE_
namespace verdict {

// Rows are padded to whole vectors of the widest instruction set, two at a time: 2 x 16 floats.
inline size_t PadToVectors(size_t size) { return (size + 31) / 32 * 32; }

// Queries computed together: each loaded key or value serves them all, and their sums (4 x 2
// vectors) stay in registers.
inline constexpr int kQueryRows = 4;

// Where Attend keeps its parts in the scratch memory.
struct AttentionScratch {
  AttentionScratch(float* scratch, const AttentionHead& head)
      : padded_tokens(PadToVectors(head.tokens)),
        padded_dim(PadToVectors(head.head_dim)),
        keys(scratch),
        values(keys + head.head_dim * padded_tokens),
        scores(values + head.tokens * padded_dim),
        output(scores + kQueryRows * padded_tokens) {}

  size_t padded_tokens;
  size_t padded_dim;
  float* keys;  // [head_dim, padded_tokens]: transposed, so that a vector holds one channel of many
                // keys
  float* values;  // [tokens, padded_dim]
  float* scores;  // [kQueryRows, padded_tokens]
  float* output;  // [kQueryRows, padded_dim]
};

}  // namespace verdict
#endif  // VERDICT_ENGINE_ATTENTION_ONCE_

HWY_BEFORE_NAMESPACE();
namespace verdict {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using F32 = hn::ScalableTag<float>;

void PackKeysAndValues(const AttentionHead& head, const AttentionScratch& scratch) {
  for (int channel = 0; channel < head.head_dim; ++channel) {
    float* row = scratch.keys + channel * scratch.padded_tokens;
    for (int token = 0; token < head.tokens; ++token) {
      row[token] = head.k[token * head.kv_stride + channel];
    }
    std::fill(row + head.tokens, row + scratch.padded_tokens, 0.0f);
  }
  for (int token = 0; token < head.tokens; ++token) {
    float* row = scratch.values + token * scratch.padded_dim;
    std::memcpy(row, head.v + token * head.kv_stride, head.head_dim * sizeof(float));
    std::fill(row + head.head_dim, row + scratch.padded_dim, 0.0f);
  }
}

// y [kQueryRows, columns] = a [kQueryRows, depth] b [depth, columns], where a's rows are apart by
// pointers, and columns are padded to two vectors.
HWY_INLINE void Multiply(const float* const a[kQueryRows], size_t depth, const float* b,
                         size_t columns, float* y) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  for (size_t j = 0; j < columns; j += 2 * lanes) {
    auto sum00 = hn::Zero(d), sum01 = hn::Zero(d), sum10 = hn::Zero(d), sum11 = hn::Zero(d);
    auto sum20 = hn::Zero(d), sum21 = hn::Zero(d), sum30 = hn::Zero(d), sum31 = hn::Zero(d);
    for (size_t i = 0; i < depth; ++i) {
      const auto b0 = hn::Load(d, b + i * columns + j);
      const auto b1 = hn::Load(d, b + i * columns + j + lanes);
      const auto a0 = hn::Set(d, a[0][i]), a1 = hn::Set(d, a[1][i]);
      const auto a2 = hn::Set(d, a[2][i]), a3 = hn::Set(d, a[3][i]);
      sum00 = hn::MulAdd(a0, b0, sum00);
      sum01 = hn::MulAdd(a0, b1, sum01);
      sum10 = hn::MulAdd(a1, b0, sum10);
      sum11 = hn::MulAdd(a1, b1, sum11);
      sum20 = hn::MulAdd(a2, b0, sum20);
      sum21 = hn::MulAdd(a2, b1, sum21);
      sum30 = hn::MulAdd(a3, b0, sum30);
      sum31 = hn::MulAdd(a3, b1, sum31);
    }
    hn::Store(sum00, d, y + j);
    hn::Store(sum01, d, y + j + lanes);
    hn::Store(sum10, d, y + columns + j);
    hn::Store(sum11, d, y + columns + j + lanes);
    hn::Store(sum20, d, y + 2 * columns + j);
    hn::Store(sum21, d, y + 2 * columns + j + lanes);
    hn::Store(sum30, d, y + 3 * columns + j);
    hn::Store(sum31, d, y + 3 * columns + j + lanes);
  }
}

// Replaces one row of scores by exp(scale * (score - max)); returns one over their sum. The padding
// becomes zero.
HWY_INLINE float ExponentiateRow(float* scores, size_t tokens, size_t padded_tokens, float scale) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  auto maxima = hn::Set(d, scores[0]);
  for (size_t j = 0; j < padded_tokens; j += lanes) {
    const auto mask = hn::FirstN(d, tokens > j ? tokens - j : 0);
    maxima = hn::Max(maxima, hn::IfThenElse(mask, hn::Load(d, scores + j), maxima));
  }
  const auto max = hn::MaxOfLanes(d, maxima);
  const auto scales = hn::Set(d, scale);
  auto sums = hn::Zero(d);
  for (size_t j = 0; j < padded_tokens; j += lanes) {
    const auto mask = hn::FirstN(d, tokens > j ? tokens - j : 0);
    const auto exponent = hn::Mul(hn::Sub(hn::Load(d, scores + j), max), scales);
    const auto weight = hn::IfThenElseZero(mask, hn::Exp(d, exponent));
    hn::Store(weight, d, scores + j);
    sums = hn::Add(sums, weight);
  }
  return 1.0f / hn::GetLane(hn::SumOfLanes(d, sums));
}

void AttendForTarget(const AttentionHead& head, float* memory) {
  const AttentionScratch scratch(memory, head);
  PackKeysAndValues(head, scratch);
  const float scale = 1.0f / std::sqrt(static_cast<float>(head.head_dim));
  for (int first = 0; first < head.queries; first += kQueryRows) {
    const int rows = std::min(kQueryRows, head.queries - first);
    const float* queries[kQueryRows];
    const float* weights[kQueryRows];
    for (int row = 0; row < kQueryRows; ++row) {
      // The last group repeats its last query rather than have a second code path.
      queries[row] = head.q + (first + std::min(row, rows - 1)) * head.q_stride;
      weights[row] = scratch.scores + row * scratch.padded_tokens;
    }
    Multiply(queries, head.head_dim, scratch.keys, scratch.padded_tokens, scratch.scores);
    float one_over_sum[kQueryRows];
    for (int row = 0; row < kQueryRows; ++row) {
      one_over_sum[row] = ExponentiateRow(scratch.scores + row * scratch.padded_tokens, head.tokens,
                                          scratch.padded_tokens, scale);
    }
    Multiply(weights, head.tokens, scratch.values, scratch.padded_dim, scratch.output);
    for (int row = 0; row < rows; ++row) {
      float* y = head.y + (first + row) * head.y_stride;
      const float* output = scratch.output + row * scratch.padded_dim;
      for (int i = 0; i < head.head_dim; ++i) y[i] = output[i] * one_over_sum[row];
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace verdict
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace verdict {

HWY_EXPORT(AttendForTarget);

size_t AttentionScratchSize(int max_tokens, int head_dim) {
  const size_t tokens = PadToVectors(max_tokens);
  const size_t dim = PadToVectors(head_dim);
  return (head_dim + kQueryRows) * tokens + (max_tokens + kQueryRows) * dim;
}

void Attend(const AttentionHead& head, float* scratch) {
  HWY_DYNAMIC_DISPATCH(AttendForTarget)(head, scratch);
}

}  // namespace verdict
#endif  // HWY_ONCE
