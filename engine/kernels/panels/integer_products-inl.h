// Products of integers in vectors, for panel_product.cc. Not for scalar targets. Included once per
// instruction set, inside Highway's foreach_target.
#include "engine/kernels/vectors-inl.h"

#if defined(VERDICT_ENGINE_KERNELS_PANELS_INTEGER_PRODUCTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VERDICT_ENGINE_KERNELS_PANELS_INTEGER_PRODUCTS_INL_H_
#undef VERDICT_ENGINE_KERNELS_PANELS_INTEGER_PRODUCTS_INL_H_
#else
#define VERDICT_ENGINE_KERNELS_PANELS_INTEGER_PRODUCTS_INL_H_
#endif

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace verdict {
namespace HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR
using Int8 = hn::Repartition<int8_t, F32>;
using Uint8 = hn::RebindToUnsigned<Int8>;
using Int16 = hn::Repartition<int16_t, F32>;

// sums + x y, where the products of two neighbours are added up. Two products of the smallest
// number, -32768, overflow.
HWY_INLINE hn::Vec<Int32> AddPairs(hn::Vec<Int16> x, hn::Vec<Int16> y, hn::Vec<Int32> sums) {
  auto unused = hn::Zero(Int32());  // on these CPUs the first lane is a whole pair's sum
  return hn::ReorderWidenMulAccumulate(Int32(), x, y, sums, unused);
}

// x y in 16 bits, where the products of two neighbours are added up. Sums that overflow differ
// between instruction sets.
HWY_INLINE hn::Vec<Int16> MulBytePairs(hn::Vec<Uint8> x, hn::Vec<Int8> y) {
#if HWY_TARGET == HWY_AVX2
  return hn::Vec<Int16>{_mm256_maddubs_epi16(x.raw, y.raw)};
#elif HWY_TARGET <= HWY_AVX3
  return hn::Vec<Int16>{_mm512_maddubs_epi16(x.raw, y.raw)};
#else
  const Int16 d;
  const hn::RebindToUnsigned<Int16> words;
  const auto x_even = hn::And(hn::BitCast(d, x), hn::Set(d, 0xFF));
  const auto x_odd = hn::BitCast(d, hn::ShiftRight<8>(hn::BitCast(words, x)));
  const auto y_even = hn::ShiftRight<8>(hn::ShiftLeft<8>(hn::BitCast(d, y)));
  const auto y_odd = hn::ShiftRight<8>(hn::BitCast(d, y));
  return hn::Add(hn::Mul(x_even, y_even), hn::Mul(x_odd, y_odd));
#endif
}
#endif

}  // namespace HWY_NAMESPACE
}  // namespace verdict
HWY_AFTER_NAMESPACE();

#endif
