// Powers of two, for softmax and sigmoid. Included once per instruction set, inside Highway's
// foreach_target.
#include "engine/kernels/vectors-inl.h"

#if defined(VERDICT_ENGINE_KERNELS_EXP2_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VERDICT_ENGINE_KERNELS_EXP2_INL_H_
#undef VERDICT_ENGINE_KERNELS_EXP2_INL_H_
#else
#define VERDICT_ENGINE_KERNELS_EXP2_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace verdict {
namespace HWY_NAMESPACE {

constexpr float kLog2E = 1.44269504f;  // exp(x) = 2^(x log2 e)

// 2^f for |f| <= 1/2; relative error 3e-7. Coefficients by engine/kernels/fit_kernels.py.
struct Exp2Polynomial {
  HWY_INLINE Vec operator()(F32 d, Vec f) const {
    return Polynomial(d, f, 1.3276472e-03f, 9.6755419e-03f, 5.5507131e-02f, 2.4022120e-01f,
                      6.9314694e-01f, 1.0000001f);
  }
};

// The same where the result is rounded to bfloat16: relative error 1e-4, but 2^0 is 1.
struct Exp2PolynomialForBf16 {
  HWY_INLINE Vec operator()(F32 d, Vec f) const {
    return Polynomial(d, f, 5.5008933e-02f, 2.4221097e-01f, 6.9328290e-01f, 1.0f);
  }
};

// 2^t for t <= 0, and nothing smaller than 2^-126; a NaN stays one.
template <class Exp2OfFraction>
HWY_INLINE Vec Exp2(F32 d, Vec t) {
  const auto least = hn::Set(d, -126.0f);
#if HWY_TARGET <= HWY_AVX3
  // Highway has no names for t - round(t) and p 2^n in one instruction each, with the same results
  // as below.
  t = Vec{_mm512_max_ps(least.raw, t.raw)};  // of a NaN and a number the second
  const Vec f{_mm512_reduce_ps(t.raw, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
  return Vec{_mm512_scalef_ps(Exp2OfFraction()(d, f).raw, hn::Sub(t, f).raw)};
#else
  const hn::RebindToSigned<F32> integers;
  t = hn::IfThenElse(hn::Lt(t, least), least, t);
  const auto whole = hn::Round(t);
  const auto p = Exp2OfFraction()(d, hn::Sub(t, whole));
  const auto exponent = hn::Add(hn::ConvertTo(integers, whole), hn::Set(integers, 127));
  return hn::Mul(p, hn::BitCast(d, hn::ShiftLeft<23>(exponent)));
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace verdict
HWY_AFTER_NAMESPACE();

#endif
