#include "engine/kernels/quantization.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/quantization.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target.h: compiled once per instruction set.
#include "engine/kernels/vectors-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace verdict {
namespace HWY_NAMESPACE {

void RoundToBf16ForTarget(const float* x, size_t size, Bf16* y) {
  const F32 d;
  ForEachVector(size, [=](size_t i, int, auto part)
                          HWY_ATTR { part.Store(ToBf16(d, part.Load(d, x + i)), U16(), y + i); });
}

// The integers that numbers are rounded to.
struct IntegerRange {
  int smallest = 0;
  int zero_point = 0;
  int largest = 0;
};

// A scale too small for that, or none, makes all zero.
HWY_INLINE float InverseOf(float scale) {
  return scale >= std::numeric_limits<float>::min() ? 1 / scale : 0.0f;
}

// y = round(x / scale) + zero_point; the bits of a signed integer where that is negative.
template <class Unsigned>
HWY_INLINE void RoundToIntegers(const float* x, size_t size, float scale,
                                const IntegerRange& integers, Unsigned* y) {
  const F32 d;
  const hn::RebindToUnsigned<F32> words;
  const hn::Rebind<Unsigned, F32> narrow;
  const auto inverse = hn::Set(d, InverseOf(scale));
  // A float32 near this one is a whole number, and its last bits those of its distance.
  constexpr float kOrigin = 3 << 22;
  const auto smallest = hn::Set(d, kOrigin + static_cast<float>(integers.smallest));
  const auto zero_point = hn::Set(d, kOrigin + static_cast<float>(integers.zero_point));
  const auto largest = hn::Set(d, kOrigin + static_cast<float>(integers.largest));
  ForEachVector(size, [=](size_t i, int, auto part) HWY_ATTR {
    const auto whole = hn::MulAdd(part.Load(d, x + i), inverse, zero_point);
    // A zero point that was rounded moves the ends of the range by half a step, just past a middle.
    const auto kept = hn::Min(hn::Max(whole, smallest), largest);
    part.Store(hn::TruncateTo(narrow, hn::BitCast(words, kept)), narrow, y + i);
  });
}

// What a row's scale follows from.
struct Range {
  float smallest = 0;  // or zero, if that is smaller
  float largest = 0;   // or zero
  float poison = 0;    // 0, or NaN where there is one in x, or an infinity
};

HWY_INLINE Range RangeOf(const float* x, size_t size) {
  const F32 d;
  Gathered minima, maxima, poison;
  ForEachVector(size, [&](size_t i, int turn, auto part) HWY_ATTR {
    const auto v = part.Load(d, x + i);
    minima.by_turn[turn] = hn::Min(minima.by_turn[turn], v);
    maxima.by_turn[turn] = hn::Max(maxima.by_turn[turn], v);
    poison.by_turn[turn] = hn::MulAdd(v, hn::Zero(d), poison.by_turn[turn]);
  });
  const auto smallest = minima.All([](Vec a, Vec b) HWY_ATTR { return hn::Min(a, b); });
  const auto largest = maxima.All([](Vec a, Vec b) HWY_ATTR { return hn::Max(a, b); });
  return {.smallest = hn::GetLane(hn::MinOfLanes(d, smallest)),
          .largest = hn::GetLane(hn::MaxOfLanes(d, largest)),
          .poison = poison.Sum()};
}

// The smallest that keeps all within -largest to largest.
HWY_INLINE float SignedScale(const Range& range, int largest) {
  return std::max(-range.smallest, range.largest) / static_cast<float>(largest);
}

template <class Integer>
HWY_INLINE void RoundToSigned(const float* x, size_t size, float scale, Integer* y) {
  constexpr int kLargest = std::numeric_limits<Integer>::max();
  RoundToIntegers(x, size, scale, {.smallest = -kLargest, .largest = kLargest},
                  reinterpret_cast<std::make_unsigned_t<Integer>*>(y));
}

template <class Integer>
HWY_INLINE float QuantizeToSigned(const float* x, size_t size, int largest, Integer* y) {
  const Range range = RangeOf(x, size);
  const float scale = SignedScale(range, largest);
  RoundToSigned(x, size, scale, y);
  return scale + range.poison;
}

float QuantizeToInt24ForTarget(const float* x, size_t size, int8_t* y) {
  const Range range = RangeOf(x, size);
  const float scale = SignedScale(range, kLargestInt24);
  const F32 d;
  const hn::RebindToUnsigned<F32> words;
  const hn::Rebind<uint8_t, F32> narrow;
  const auto inverse = hn::Set(d, InverseOf(scale));
  // Added and then taken away from each byte by itself, this makes bytes with a sign.
  const auto middle = hn::Set(words, 0x808080);
  auto* bytes = reinterpret_cast<uint8_t*>(y);
  ForEachVector(size, [=](size_t i, int, auto part) HWY_ATTR {
    const auto whole = hn::BitCast(words, hn::NearestInt(hn::Mul(part.Load(d, x + i), inverse)));
    const auto slices = hn::Xor(hn::Add(whole, middle), middle);
    uint8_t* to = bytes + i / kInt24Together * (kInt24Slices * kInt24Together) + i % kInt24Together;
    part.Store(hn::TruncateTo(narrow, hn::ShiftRight<16>(slices)), narrow, to);
    part.Store(hn::TruncateTo(narrow, hn::ShiftRight<8>(slices)), narrow, to + kInt24Together);
    part.Store(hn::TruncateTo(narrow, slices), narrow, to + 2 * kInt24Together);
  });
  return scale + range.poison;
}

void RoundToInt16ForTarget(const float* x, size_t size, float scale, int16_t* y) {
  RoundToSigned(x, size, scale, y);
}

float QuantizeToInt16ForTarget(const float* x, size_t size, int16_t* y) {
  return QuantizeToSigned(x, size, kLargestInt16, y);
}

void RoundToInt8ForTarget(const float* x, size_t size, float scale, int8_t* y) {
  RoundToSigned(x, size, scale, y);
}

float QuantizeToInt8ForTarget(const float* x, size_t size, int8_t* y) {
  return QuantizeToSigned(x, size, 127, y);
}

Quantization QuantizeToUint8ForTarget(const float* x, size_t size, uint8_t* y) {
  const Range range = RangeOf(x, size);
  const float scale = (range.largest - range.smallest) / 255.0f;
  if (scale >= std::numeric_limits<float>::min() && std::isfinite(scale + range.poison)) {
    const int zero_point = static_cast<int>(std::lround(-range.smallest / scale));
    RoundToIntegers(x, size, scale, {.zero_point = zero_point, .largest = 255}, y);
    return {.scale = scale, .zero_point = zero_point};
  }
  std::memset(y, 0, size);
  return {.scale = scale + range.poison};
}

}  // namespace HWY_NAMESPACE
}  // namespace verdict
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace verdict {

HWY_EXPORT(RoundToBf16ForTarget);
HWY_EXPORT(QuantizeToInt24ForTarget);
HWY_EXPORT(RoundToInt16ForTarget);
HWY_EXPORT(QuantizeToInt16ForTarget);
HWY_EXPORT(RoundToInt8ForTarget);
HWY_EXPORT(QuantizeToInt8ForTarget);
HWY_EXPORT(QuantizeToUint8ForTarget);

void RoundToBf16(const float* x, size_t size, Bf16* y) {
  HWY_DYNAMIC_DISPATCH(RoundToBf16ForTarget)(x, size, y);
}

float QuantizeToInt24(const float* x, size_t size, int8_t* y) {
  return HWY_DYNAMIC_DISPATCH(QuantizeToInt24ForTarget)(x, size, y);
}

void RoundToInt16(const float* x, size_t size, float scale, int16_t* y) {
  HWY_DYNAMIC_DISPATCH(RoundToInt16ForTarget)(x, size, scale, y);
}

float QuantizeToInt16(const float* x, size_t size, int16_t* y) {
  return HWY_DYNAMIC_DISPATCH(QuantizeToInt16ForTarget)(x, size, y);
}

float QuantizeToInt8(const float* x, size_t size, int8_t* y) {
  return HWY_DYNAMIC_DISPATCH(QuantizeToInt8ForTarget)(x, size, y);
}

void RoundToInt8(const float* x, size_t size, float scale, int8_t* y) {
  HWY_DYNAMIC_DISPATCH(RoundToInt8ForTarget)(x, size, scale, y);
}

Quantization QuantizeToUint8(const float* x, size_t size, uint8_t* y) {
  return HWY_DYNAMIC_DISPATCH(QuantizeToUint8ForTarget)(x, size, y);
}

}  // namespace verdict
#endif  // HWY_ONCE
