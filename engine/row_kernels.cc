#include "engine/row_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/row_kernels.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target.h: compiled once per instruction set.
#include "engine/vectors-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace verdict {
namespace HWY_NAMESPACE {

// DistilBERT's, in every checkpoint.
constexpr float kLayerNormEpsilon = 1e-12f;

// All lanes of a vector, at a place of a row.
struct AllLanes {
  template <class D>
  HWY_INLINE hn::Vec<D> Load(D d, const hn::TFromD<D>* p) const {
    return hn::LoadU(d, p);
  }
  template <class D>
  HWY_INLINE void Store(hn::Vec<D> v, D d, hn::TFromD<D>* p) const {
    hn::StoreU(v, d, p);
  }
};

// The lanes that a row still has at its end; the others are zero.
struct FirstLanes {
  template <class D>
  HWY_INLINE hn::Vec<D> Load(D d, const hn::TFromD<D>* p) const {
    return LoadFirst(d, p, count);
  }
  template <class D>
  HWY_INLINE void Store(hn::Vec<D> v, D d, hn::TFromD<D>* p) const {
    StoreFirst(v, d, p, count);
  }
  size_t count;
};

// So many vectors are in work at the same time.
constexpr int kTurns = 4;

// Calls visit(offset, turn, part) for every vector of a row, where part loads and stores the lanes
// that the row has there, and turn is 0 to kTurns - 1.
template <class Visit>
HWY_INLINE void ForEachVector(size_t size, const Visit& visit) {
  const size_t lanes = hn::Lanes(F32());
  size_t i = 0;
  for (; i + kTurns * lanes <= size; i += kTurns * lanes) {
    HWY_UNROLL(4)
    for (int turn = 0; turn < kTurns; ++turn) visit(i + turn * lanes, turn, AllLanes());
  }
  for (; i + lanes <= size; i += lanes) visit(i, 0, AllLanes());
  if (i < size) visit(i, 0, FirstLanes{size - i});
}

// What is gathered from a row: each turn's by itself, as in one each would wait for the other.
struct Gathered {
  HWY_INLINE Gathered() {
    HWY_UNROLL(4)
    for (int turn = 0; turn < kTurns; ++turn) by_turn[turn] = hn::Zero(F32());
  }
  template <class Combine>
  HWY_INLINE Vec All(const Combine& combine) const {
    return combine(combine(by_turn[0], by_turn[1]), combine(by_turn[2], by_turn[3]));
  }
  HWY_INLINE float Sum() const {
    return hn::GetLane(
        hn::SumOfLanes(F32(), All([](Vec a, Vec b) HWY_ATTR { return hn::Add(a, b); })));
  }
  Vec by_turn[kTurns];
};

struct Identity {
  HWY_INLINE Vec operator()(F32, Vec x) const { return x; }
};

// x Phi(x), where Phi(x) - 1/2 is x P(x^2) / Q(x^2) on |x| <= 5.42, from where Phi is 1 in float32;
// largest error 1.8e-7. Coefficients by engine/fit_kernels.py.
struct Gelu {
  HWY_INLINE Vec operator()(F32 d, Vec x) const {
    const auto limit = hn::Set(d, 5.4199829f);
    const auto clamped = hn::Min(hn::Max(x, hn::Neg(limit)), limit);
    const auto t = hn::Mul(clamped, clamped);
    auto p = hn::Set(d, 1.1584573578e-10f);
    p = hn::MulAdd(p, t, hn::Set(d, -2.1939696282e-08f));
    p = hn::MulAdd(p, t, hn::Set(d, 3.0197247725e-06f));
    p = hn::MulAdd(p, t, hn::Set(d, 1.5049155627e-04f));
    p = hn::MulAdd(p, t, hn::Set(d, 4.3837805279e-03f));
    p = hn::MulAdd(p, t, hn::Set(d, 3.4017618746e-02f));
    p = hn::MulAdd(p, t, hn::Set(d, 3.9894226193e-01f));
    auto q = hn::Set(d, 5.5650165460e-05f);
    q = hn::MulAdd(q, t, hn::Set(d, 1.7164120218e-03f));
    q = hn::MulAdd(q, t, hn::Set(d, 2.7979534119e-02f));
    q = hn::MulAdd(q, t, hn::Set(d, 2.5193554163e-01f));
    q = hn::MulAdd(q, t, hn::Set(d, 1.0f));
    // A division takes longer than all of the above: one step of Newton's from the hardware's
    // estimate instead.
    const auto estimate = hn::ApproximateReciprocal(q);
    const auto one_over_q = hn::Mul(estimate, hn::NegMulAdd(q, estimate, hn::Set(d, 2.0f)));
    const auto phi = hn::MulAdd(hn::Mul(clamped, p), one_over_q, hn::Set(d, 0.5f));
    return hn::Mul(x, phi);
  }
};

struct Relu {
  HWY_INLINE Vec operator()(F32 d, Vec x) const { return hn::Max(x, hn::Zero(d)); }
};

using U16 = hn::Rebind<Bf16, F32>;

// To the nearest, ties to even: Highway's own conversion cuts off.
HWY_INLINE hn::Vec<U16> ToBf16(F32, Vec x) {
  const hn::RebindToSigned<F32> integers;
  const auto bits = hn::BitCast(hn::RebindToUnsigned<F32>(), x);
  const hn::RebindToUnsigned<F32> words;
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(words, 1));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(words, 0x7FFF)));
  return hn::DemoteTo(U16(), hn::BitCast(integers, hn::ShiftRight<16>(rounded)));
}

// A product's numbers of one row, scaled if they are integers.
template <class Product>
struct ProductRow;

template <>
struct ProductRow<float> {
  ProductRow(const EpilogueTile& tile, int row)
      : product(static_cast<const float*>(tile.product) + row * tile.product_stride) {}

  // p + bias of the vector at `i`.
  template <class Part>
  HWY_INLINE Vec PlusBias(Vec bias, size_t i, Part part) const {
    return hn::Add(part.Load(F32(), product + i), bias);
  }

  const float* product;
};

template <>
struct ProductRow<int32_t> {
  using Integers = hn::Rebind<int32_t, F32>;

  ProductRow(const EpilogueTile& tile, int row)
      : product(static_cast<const int32_t*>(tile.product) + row * tile.product_stride),
        column_scales(tile.column_scales),
        column_sums(tile.column_sums),
        scale(hn::Set(F32(), tile.x[row].scale)),
        zero_point(hn::Set(Integers(), tile.x[row].zero_point)) {}

  template <class Part>
  HWY_INLINE Vec PlusBias(Vec bias, size_t i, Part part) const {
    auto sum = part.Load(Integers(), product + i);
    if (column_sums != nullptr) {
      sum = hn::Sub(sum, hn::Mul(zero_point, part.Load(Integers(), column_sums + i)));
    }
    const auto factor = hn::Mul(scale, part.Load(F32(), column_scales + i));
    return hn::MulAdd(hn::ConvertTo(F32(), sum), factor, bias);
  }

  const int32_t* product;
  const float* column_scales;
  const int32_t* column_sums;
  Vec scale;
  hn::Vec<Integers> zero_point;
};

// Where a row of y begins.
template <bool kToBf16>
HWY_INLINE auto* RowOf(const EpilogueTile& tile, int row) {
  if constexpr (kToBf16) {
    return tile.y_bf16 + row * tile.y_stride;
  } else {
    return tile.y + row * tile.y_stride;
  }
}

template <class Activation, class Product, bool kToBf16>
HWY_INLINE void BiasThenAs(const Activation& activation, const EpilogueTile& tile) {
  const F32 d;
  const float* bias = tile.bias;
  const size_t columns = tile.columns;
  for (int row = 0; row < tile.rows; ++row) {
    const ProductRow<Product> product(tile, row);
    auto* y = RowOf<kToBf16>(tile, row);
    ForEachVector(columns, [&](size_t i, int, auto part) HWY_ATTR {
      const auto result = activation(d, product.PlusBias(part.Load(d, bias + i), i, part));
      if constexpr (kToBf16) {
        part.Store(ToBf16(d, result), U16(), y + i);
      } else {
        part.Store(result, d, y + i);
      }
    });
  }
}

template <class Activation>
HWY_INLINE void BiasThen(const Activation& activation, const EpilogueTile& tile) {
  const bool integers = tile.x != nullptr;
  if (tile.y_bf16 != nullptr) {
    if (integers) return BiasThenAs<Activation, int32_t, true>(activation, tile);
    return BiasThenAs<Activation, float, true>(activation, tile);
  }
  if (integers) return BiasThenAs<Activation, int32_t, false>(activation, tile);
  return BiasThenAs<Activation, float, false>(activation, tile);
}

void ApplyEpilogueForTarget(Epilogue epilogue, const EpilogueTile& tile) {
  switch (epilogue) {
    case Epilogue::kBias:
      return BiasThen(Identity(), tile);
    case Epilogue::kBiasGelu:
      return BiasThen(Gelu(), tile);
    case Epilogue::kBiasRelu:
      return BiasThen(Relu(), tile);
  }
}

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

// y = round(x / scale) + zero_point; the bits of a signed integer where that is negative.
template <class Unsigned>
HWY_INLINE void RoundToIntegers(const float* x, size_t size, float scale,
                                const IntegerRange& integers, Unsigned* y) {
  const F32 d;
  const hn::RebindToUnsigned<F32> words;
  const hn::Rebind<Unsigned, F32> narrow;
  const auto inverse = hn::Set(d, scale >= std::numeric_limits<float>::min() ? 1 / scale : 0.0f);
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

template <class Integer>
HWY_INLINE void RoundToSigned(const float* x, size_t size, float scale, Integer* y) {
  constexpr int kLargest = std::numeric_limits<Integer>::max();
  RoundToIntegers(x, size, scale, {.smallest = -kLargest, .largest = kLargest},
                  reinterpret_cast<std::make_unsigned_t<Integer>*>(y));
}

template <class Integer>
HWY_INLINE float QuantizeToSigned(const float* x, size_t size, int largest, Integer* y) {
  const Range range = RangeOf(x, size);
  const float scale = std::max(-range.smallest, range.largest) / static_cast<float>(largest);
  RoundToSigned(x, size, scale, y);
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

void AddLayerNormForTarget(const float* a, const float* b, const LayerNormWeights& weights, int dim,
                           float* y) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  const size_t size = dim;
  const auto rest = hn::FirstN(d, size % lanes);
  const float *gain = weights.gain, *bias = weights.bias;
  Gathered sums;
  ForEachVector(size, [&](size_t i, int turn, auto part) HWY_ATTR {
    const auto sum = hn::Add(part.Load(d, a + i), part.Load(d, b + i));
    part.Store(sum, d, y + i);
    sums.by_turn[turn] = hn::Add(sums.by_turn[turn], sum);
  });
  const auto means = hn::Set(d, sums.Sum() / static_cast<float>(dim));
  Gathered squares;
  ForEachVector(size, [&](size_t i, int turn, auto part) HWY_ATTR {
    auto deviation = hn::Sub(part.Load(d, y + i), means);
    // Lanes past the row's end would count as (0 - mean)^2.
    if constexpr (std::is_same_v<decltype(part), FirstLanes>) {
      deviation = hn::IfThenElseZero(rest, deviation);
    }
    squares.by_turn[turn] = hn::MulAdd(deviation, deviation, squares.by_turn[turn]);
  });
  const float variance = squares.Sum() / static_cast<float>(dim);
  const auto scale = hn::Set(d, 1.0f / std::sqrt(variance + kLayerNormEpsilon));
  ForEachVector(size, [=](size_t i, int, auto part) HWY_ATTR {
    const auto normal = hn::Mul(hn::Sub(part.Load(d, y + i), means), scale);
    part.Store(hn::MulAdd(normal, part.Load(d, gain + i), part.Load(d, bias + i)), d, y + i);
  });
}

const char* TargetForTarget() { return hwy::TargetName(HWY_TARGET); }

}  // namespace HWY_NAMESPACE
}  // namespace verdict
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace verdict {

HWY_EXPORT(ApplyEpilogueForTarget);
HWY_EXPORT(AddLayerNormForTarget);
HWY_EXPORT(RoundToBf16ForTarget);
HWY_EXPORT(RoundToInt16ForTarget);
HWY_EXPORT(QuantizeToInt16ForTarget);
HWY_EXPORT(RoundToInt8ForTarget);
HWY_EXPORT(QuantizeToInt8ForTarget);
HWY_EXPORT(QuantizeToUint8ForTarget);
HWY_EXPORT(TargetForTarget);

void ApplyEpilogue(Epilogue epilogue, const EpilogueTile& tile) {
  HWY_DYNAMIC_DISPATCH(ApplyEpilogueForTarget)(epilogue, tile);
}

void AddLayerNorm(const float* a, const float* b, const LayerNormWeights& weights, int dim,
                  float* y) {
  HWY_DYNAMIC_DISPATCH(AddLayerNormForTarget)(a, b, weights, dim, y);
}

void RoundToBf16(const float* x, size_t size, Bf16* y) {
  HWY_DYNAMIC_DISPATCH(RoundToBf16ForTarget)(x, size, y);
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

const char* HighwayTarget() { return HWY_DYNAMIC_DISPATCH(TargetForTarget)(); }

}  // namespace verdict
#endif  // HWY_ONCE
