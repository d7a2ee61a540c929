#include "engine/kernels/attention/attention.h"

#include <algorithm>
#include <cmath>

#include "engine/memory/rounding.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/attention/attention.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target.h: compiled once per instruction set.
#include "engine/kernels/attention/attention-inl.h"
#include "engine/kernels/vectors-inl.h"
#include "hwy/highway.h"

#ifndef VERDICT_ENGINE_KERNELS_ATTENTION_ATTENTION_ONCE_
#define VERDICT_ENGINE_KERNELS_ATTENTION_ATTENTION_ONCE_
namespace verdict {

// Columns of a panel where vectors are widest.
inline constexpr size_t kWidestPanel = 32;

// The most queries computed together: each loaded key or value serves them all.
inline constexpr int kMaxQueries = 8;

}  // namespace verdict
#endif  // VERDICT_ENGINE_KERNELS_ATTENTION_ATTENTION_ONCE_

HWY_BEFORE_NAMESPACE();
namespace verdict {
namespace HWY_NAMESPACE {

// Columns of the matrices below are kept in panels of two vectors.
constexpr size_t kPanel = 2 * hn::MaxLanes(F32());
static_assert(kWidestPanel % kPanel == 0);

// Where Attend keeps its parts in the scratch memory.
struct AttentionScratch {
  AttentionScratch(float* scratch, const AttentionHead& head)
      : padded_tokens(RoundUp<size_t>(head.tokens, kPanel)),
        padded_dim(RoundUp<size_t>(head.head_dim, kPanel)),
        keys(scratch),
        values(keys + head.head_dim * padded_tokens),
        scores(values + head.tokens * padded_dim),
        output(scores + kMaxQueries * padded_tokens) {}

  size_t padded_tokens;
  size_t padded_dim;
  // [padded_tokens / kPanel, head_dim, kPanel]: a row holds one channel of kPanel tokens
  float* keys;
  // [padded_dim / kPanel, tokens, kPanel]: a row holds kPanel channels of one token
  float* values;
  float* scores;  // [kMaxQueries, padded_tokens]
  float* output;  // [kMaxQueries, padded_dim]
};

void PackKeys(const AttentionHead& head, const AttentionScratch& scratch) {
  const size_t channels = head.head_dim;
  for (size_t first = 0; first < scratch.padded_tokens; first += kPanel) {
    float* panel = scratch.keys + first * channels;
    const size_t tokens = std::min<size_t>(kPanel, head.tokens - first);
    for (size_t token = 0; token < tokens; token += 4) {
      const float* keys = head.k + (first + token) * head.kv_stride;
      for (size_t channel = 0; channel < channels; channel += 4) {
        TransposeBlock(keys + channel, head.kv_stride, std::min<size_t>(4, tokens - token),
                       std::min<size_t>(4, channels - channel), panel + channel * kPanel + token,
                       kPanel);
      }
    }
    if (tokens == kPanel) continue;
    for (size_t channel = 0; channel < channels; ++channel) {
      std::fill(panel + channel * kPanel + tokens, panel + (channel + 1) * kPanel, 0.0f);
    }
  }
}

void PackValues(const AttentionHead& head, const AttentionScratch& scratch) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  const size_t channels = head.head_dim;
  for (size_t token = 0; token < static_cast<size_t>(head.tokens); ++token) {
    const float* value = head.v + token * head.kv_stride;
    for (size_t first = 0; first < scratch.padded_dim; first += lanes) {
      const size_t panel = first / kPanel;
      float* to = scratch.values + (panel * head.tokens + token) * kPanel + first % kPanel;
      if (first + lanes <= channels) {
        hn::Store(hn::LoadU(d, value + first), d, to);
      } else {
        const size_t rest = first < channels ? channels - first : 0;
        hn::Store(LoadFirst(d, value + first, rest), d, to);
      }
    }
  }
}

// y [kRows, columns] = a [kRows, depth] b [depth, columns], b in panels, all rows of a and y at
// strides. Each number of y is added up in the order of the depth, whatever kRows is.
template <int kRows>
HWY_INLINE void Multiply(const float* a, size_t a_stride, size_t depth, const float* b,
                         size_t columns, float* y) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  for (size_t first = 0; first < columns; first += kPanel, b += depth * kPanel) {
    Vec sums[kRows][2];
    HWY_UNROLL(8)
    for (auto& sum : sums) sum[0] = sum[1] = hn::Zero(d);
    const float* row = b;
    for (size_t i = 0; i < depth; ++i, row += kPanel) {
      const auto b0 = hn::Load(d, row), b1 = hn::Load(d, row + lanes);
      HWY_UNROLL(8)
      for (int r = 0; r < kRows; ++r) {
        const auto factor = hn::Set(d, a[r * a_stride + i]);
        sums[r][0] = hn::MulAdd(factor, b0, sums[r][0]);
        sums[r][1] = hn::MulAdd(factor, b1, sums[r][1]);
      }
    }
    float* out = y + first;
    HWY_UNROLL(8)
    for (int r = 0; r < kRows; ++r) {
      hn::Store(sums[r][0], d, out + r * columns);
      hn::Store(sums[r][1], d, out + r * columns + lanes);
    }
  }
}

// The queries from `first` on, kRows of them.
template <int kRows>
HWY_INLINE void AttendRows(const AttentionHead& head, const AttentionScratch& scratch, int first,
                           float scale) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  Multiply<kRows>(head.q + first * head.q_stride, head.q_stride, head.head_dim, scratch.keys,
                  scratch.padded_tokens, scratch.scores);
  float one_over_sum[kRows];
  for (int row = 0; row < kRows; ++row) {
    float* scores = scratch.scores + row * scratch.padded_tokens;
    one_over_sum[row] = Exponentiate<Exp2Polynomial>(
        scores, head.tokens, scale,
        [=](Vec weights, size_t i) HWY_ATTR { hn::Store(weights, d, scores + i); });
  }
  Multiply<kRows>(scratch.scores, scratch.padded_tokens, head.tokens, scratch.values,
                  scratch.padded_dim, scratch.output);
  const size_t size = head.head_dim;
  for (int row = 0; row < kRows; ++row) {
    float* y = head.y + (first + row) * head.y_stride;
    const float* output = scratch.output + row * scratch.padded_dim;
    const auto factor = hn::Set(d, one_over_sum[row]);
    size_t i = 0;
    for (; i + lanes <= size; i += lanes) {
      hn::StoreU(hn::Mul(hn::Load(d, output + i), factor), d, y + i);
    }
    if (i < size) StoreFirst(hn::Mul(hn::Load(d, output + i), factor), d, y + i, size - i);
  }
}

// AttendRows for a number of rows that is known only now.
template <int kRows>
HWY_INLINE void AttendBlock(int rows, const AttentionHead& head, const AttentionScratch& scratch,
                            int first, float scale) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return AttendBlock<kRows - 1>(rows, head, scratch, first, scale);
  }
  AttendRows<kRows>(head, scratch, first, scale);
}

void AttendForTarget(const AttentionHead& head, float* memory) {
  const AttentionScratch scratch(memory, head);
  PackKeys(head, scratch);
  PackValues(head, scratch);
  const float scale = 1.0f / std::sqrt(static_cast<float>(head.head_dim));
  // As many rows as the registers hold sums for, two vectors each.
  constexpr int kRows = kHas32Registers ? kMaxQueries : 6;
  const int blocks = DivideUp(head.queries, kRows);
  for (int first = 0, i = 0; i < blocks; ++i) {
    const int rows = (head.queries - first) / (blocks - i);
    AttendBlock<kRows>(rows, head, scratch, first, scale);
    first += rows;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace verdict
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace verdict {

HWY_EXPORT(AttendForTarget);

size_t AttentionScratchSize(int max_tokens, int head_dim) {
  const size_t tokens = RoundUp<size_t>(max_tokens, kWidestPanel);
  const size_t dim = RoundUp<size_t>(head_dim, kWidestPanel);
  return (head_dim + kMaxQueries) * tokens + (max_tokens + kMaxQueries) * dim;
}

void Attend(const AttentionHead& head, float* scratch) {
  HWY_DYNAMIC_DISPATCH(AttendForTarget)(head, scratch);
}

}  // namespace verdict
#endif  // HWY_ONCE
