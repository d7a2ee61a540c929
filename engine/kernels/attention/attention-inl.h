// Shared by attention in float32 and on tiles: transposing keys, and softmax. Included once per
// instruction set, inside Highway's foreach_target.
#include "engine/kernels/exp2-inl.h"
#include "engine/kernels/vectors-inl.h"

#if defined(VERDICT_ENGINE_KERNELS_ATTENTION_ATTENTION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VERDICT_ENGINE_KERNELS_ATTENTION_ATTENTION_INL_H_
#undef VERDICT_ENGINE_KERNELS_ATTENTION_ATTENTION_INL_H_
#else
#define VERDICT_ENGINE_KERNELS_ATTENTION_ATTENTION_INL_H_
#endif

#include <cstddef>
#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace verdict {
namespace HWY_NAMESPACE {

// Writes the transpose of from [rows, columns] to to [columns, rows]; both have strides, and at
// most 4 rows and columns. For any type of 32 bits.
HWY_INLINE void TransposeBlock(const float* from, size_t stride, size_t rows, size_t columns,
                               float* to, size_t to_stride) {
#if HWY_TARGET != HWY_SCALAR
  if (rows == 4 && columns == 4) {
    const hn::FixedTag<float, 4> d;
    const hn::Repartition<uint64_t, decltype(d)> pairs;
    const auto row0 = hn::LoadU(d, from), row1 = hn::LoadU(d, from + stride);
    const auto row2 = hn::LoadU(d, from + 2 * stride), row3 = hn::LoadU(d, from + 3 * stride);
    const auto lower01 = hn::BitCast(pairs, hn::InterleaveLower(d, row0, row1));
    const auto lower23 = hn::BitCast(pairs, hn::InterleaveLower(d, row2, row3));
    const auto upper01 = hn::BitCast(pairs, hn::InterleaveUpper(d, row0, row1));
    const auto upper23 = hn::BitCast(pairs, hn::InterleaveUpper(d, row2, row3));
    hn::Store(hn::BitCast(d, hn::InterleaveLower(pairs, lower01, lower23)), d, to);
    hn::Store(hn::BitCast(d, hn::InterleaveUpper(pairs, lower01, lower23)), d, to + to_stride);
    hn::Store(hn::BitCast(d, hn::InterleaveLower(pairs, upper01, upper23)), d, to + 2 * to_stride);
    hn::Store(hn::BitCast(d, hn::InterleaveUpper(pairs, upper01, upper23)), d, to + 3 * to_stride);
    return;
  }
#endif
  for (size_t column = 0; column < columns; ++column) {
    for (size_t row = 0; row < rows; ++row) {
      std::memcpy(to + column * to_stride + row, from + row * stride + column, sizeof(float));
    }
  }
}

// Calls store(weights, offset) with exp(scale * (score - max)) for every vector of a row of scores,
// whose last one is filled up with zeros; returns one over their sum. Scores are read to the end of
// that vector.
template <class Exp2OfFraction, class Store>
HWY_INLINE float Exponentiate(const float* scores, size_t tokens, float scale, const Store& store) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  const size_t whole = tokens / lanes * lanes;
  const auto rest = hn::FirstN(d, tokens - whole);
  auto maxima = hn::Set(d, scores[0]);
  for (size_t j = 0; j < whole; j += lanes) maxima = hn::Max(maxima, hn::Load(d, scores + j));
  if (whole < tokens) {
    maxima = hn::Max(maxima, hn::IfThenElse(rest, hn::Load(d, scores + whole), maxima));
  }
  // exp(scale * (score - max)) = 2^(score * factor - max * factor)
  const auto factor = hn::Set(d, scale * kLog2E);
  const auto top = hn::Mul(hn::MaxOfLanes(d, maxima), factor);
  auto sums = hn::Zero(d);
  for (size_t j = 0; j < whole; j += lanes) {
    const auto weights = Exp2<Exp2OfFraction>(d, hn::MulSub(hn::Load(d, scores + j), factor, top));
    store(weights, j);
    sums = hn::Add(sums, weights);
  }
  if (whole < tokens) {
    const auto exponents = hn::MulSub(hn::Load(d, scores + whole), factor, top);
    const auto weights = hn::IfThenElseZero(rest, Exp2<Exp2OfFraction>(d, exponents));
    store(weights, whole);
    sums = hn::Add(sums, weights);
  }
  return 1.0f / hn::GetLane(hn::SumOfLanes(d, sums));
}

}  // namespace HWY_NAMESPACE
}  // namespace verdict
HWY_AFTER_NAMESPACE();

#endif
