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

// erf as x P(x^2) / Q(x^2) on |x| <= 3.83, where it reaches 1 in float32; relative error 3.5e-7.
// Coefficients by engine/fit_kernels.py.
HWY_INLINE Vec Erf(F32 d, Vec x) {
  const auto limit = hn::Set(d, 3.8325068f);
  x = hn::Min(hn::Max(x, hn::Neg(limit)), limit);
  const auto t = hn::Mul(x, x);
  auto p = hn::Set(d, 2.0970372105e-08f);
  p = hn::MulAdd(p, t, hn::Set(d, -1.9857568532e-06f));
  p = hn::MulAdd(p, t, hn::Set(d, 1.3665706501e-04f));
  p = hn::MulAdd(p, t, hn::Set(d, 3.4052275587e-03f));
  p = hn::MulAdd(p, t, hn::Set(d, 4.9596790224e-02f));
  p = hn::MulAdd(p, t, hn::Set(d, 1.9243250787e-01f));
  p = hn::MulAdd(p, t, hn::Set(d, 1.1283791065f));
  auto q = hn::Set(d, 8.9040107559e-04f);
  q = hn::MulAdd(q, t, hn::Set(d, 1.3731280342e-02f));
  q = hn::MulAdd(q, t, hn::Set(d, 1.1191804707e-01f));
  q = hn::MulAdd(q, t, hn::Set(d, 5.0387090445e-01f));
  q = hn::MulAdd(q, t, hn::Set(d, 1.0f));
  // A division takes longer than all of the above: one step of Newton's from the hardware's
  // estimate instead.
  const auto estimate = hn::ApproximateReciprocal(q);
  const auto one_over_q = hn::Mul(estimate, hn::NegMulAdd(q, estimate, hn::Set(d, 2.0f)));
  return hn::Mul(hn::Mul(x, p), one_over_q);
}

struct Identity {
  HWY_INLINE Vec operator()(F32, Vec x) const { return x; }
};

struct Gelu {
  HWY_INLINE Vec operator()(F32 d, Vec x) const {
    const auto half = hn::Mul(hn::Set(d, 0.5f), x);
    return hn::MulAdd(half, Erf(d, hn::Mul(x, hn::Set(d, 0.70710678f))), half);
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

// p + bias of one vector, where a product of integers is scaled first.
template <class Product, class Load, class LoadProduct>
HWY_INLINE Vec AddBias(F32 d, const EpilogueTile& tile, int row, size_t i, const Load& load,
                       const LoadProduct& load_product) {
  const auto* product = static_cast<const Product*>(tile.product) + row * tile.product_stride + i;
  const auto bias = load(tile.bias + i);
  if constexpr (std::is_same_v<Product, int32_t>) {
    const auto scale = hn::Mul(hn::Set(d, tile.x[row].scale), load(tile.column_scales + i));
    auto sum = load_product(product);
    if (tile.column_sums != nullptr) {
      const auto zero_point = hn::Set(hn::Rebind<int32_t, F32>(), tile.x[row].zero_point);
      sum = hn::Sub(sum, hn::Mul(zero_point, load_product(tile.column_sums + i)));
    }
    return hn::MulAdd(hn::ConvertTo(d, sum), scale, bias);
  } else {
    return hn::Add(load_product(product), bias);
  }
}

template <class Activation, class Product, bool kToBf16>
HWY_INLINE void BiasThenAs(const Activation& activation, const EpilogueTile& tile) {
  const F32 d;
  const hn::Rebind<Product, F32> products;
  const size_t lanes = hn::Lanes(d);
  const size_t columns = tile.columns;
  for (int row = 0; row < tile.rows; ++row) {
    const size_t first = row * tile.y_stride;
    size_t i = 0;
    for (; i + lanes <= columns; i += lanes) {
      const auto sum = AddBias<Product>(
          d, tile, row, i, [d](const float* p) { return hn::LoadU(d, p); },
          [products](const Product* p) { return hn::LoadU(products, p); });
      const auto y = activation(d, sum);
      if constexpr (kToBf16) {
        hn::StoreU(ToBf16(d, y), U16(), tile.y_bf16 + first + i);
      } else {
        hn::StoreU(y, d, tile.y + first + i);
      }
    }
    if (i < columns) {
      const size_t rest = columns - i;
      const auto sum = AddBias<Product>(
          d, tile, row, i, [d, rest](const float* p) { return LoadFirst(d, p, rest); },
          [products, rest](const Product* p) { return LoadFirst(products, p, rest); });
      const auto y = activation(d, sum);
      if constexpr (kToBf16) {
        StoreFirst(ToBf16(d, y), U16(), tile.y_bf16 + first + i, rest);
      } else {
        StoreFirst(y, d, tile.y + first + i, rest);
      }
    }
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
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= size; i += lanes) hn::StoreU(ToBf16(d, hn::LoadU(d, x + i)), U16(), y + i);
  if (i < size) {
    StoreFirst(ToBf16(d, LoadFirst(d, x + i, size - i)), U16(), y + i, size - i);
  }
}

template <class Integer>
HWY_INLINE void RoundToIntegers(const float* x, size_t size, float scale, int zero_point,
                                Integer* y) {
  const F32 d;
  const hn::Rebind<Integer, F32> integers;
  const size_t lanes = hn::Lanes(d);
  const auto zero = hn::Set(hn::RebindToSigned<F32>(), zero_point);
  const auto inverse = hn::Set(d, scale >= std::numeric_limits<float>::min() ? 1 / scale : 0.0f);
  const auto round = [&](Vec v) HWY_ATTR {
    return hn::DemoteTo(integers, hn::Add(hn::NearestInt(hn::Mul(v, inverse)), zero));
  };
  size_t i = 0;
  for (; i + lanes <= size; i += lanes) hn::StoreU(round(hn::LoadU(d, x + i)), integers, y + i);
  if (i < size) StoreFirst(round(LoadFirst(d, x + i, size - i)), integers, y + i, size - i);
}

// What a row's scale follows from.
struct Range {
  float smallest = 0;  // or zero, if that is smaller
  float largest = 0;   // or zero
  float poison = 0;    // 0, or NaN where there is one in x, or an infinity
};

HWY_INLINE Range RangeOf(const float* x, size_t size) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  auto minima = hn::Zero(d), maxima = hn::Zero(d), poison = hn::Zero(d);
  size_t i = 0;
  const auto look = [&](Vec v) HWY_ATTR {
    minima = hn::Min(minima, v);
    maxima = hn::Max(maxima, v);
    poison = hn::MulAdd(v, hn::Zero(d), poison);
  };
  for (; i + lanes <= size; i += lanes) look(hn::LoadU(d, x + i));
  if (i < size) look(LoadFirst(d, x + i, size - i));
  return {.smallest = hn::GetLane(hn::MinOfLanes(d, minima)),
          .largest = hn::GetLane(hn::MaxOfLanes(d, maxima)),
          .poison = hn::GetLane(hn::SumOfLanes(d, poison))};
}

void RoundToInt8ForTarget(const float* x, size_t size, float scale, int8_t* y) {
  RoundToIntegers(x, size, scale, 0, y);
}

float QuantizeToInt8ForTarget(const float* x, size_t size, int8_t* y) {
  const Range range = RangeOf(x, size);
  const float scale = std::max(-range.smallest, range.largest) / 127.0f;
  RoundToIntegers(x, size, scale, 0, y);
  return scale + range.poison;
}

Quantization QuantizeToUint8ForTarget(const float* x, size_t size, uint8_t* y) {
  const Range range = RangeOf(x, size);
  const float scale = (range.largest - range.smallest) / 255.0f;
  if (scale >= std::numeric_limits<float>::min() && std::isfinite(scale + range.poison)) {
    const int zero_point = static_cast<int>(std::lround(-range.smallest / scale));
    RoundToIntegers(x, size, scale, zero_point, y);
    return {.scale = scale, .zero_point = zero_point};
  }
  std::memset(y, 0, size);
  return {.scale = scale + range.poison};
}

// Calls visit(offset, load, store) for every vector of a row, where load(p) and store(v, p) take
// the lanes that the row has there.
template <class Visit>
HWY_INLINE void ForEachVector(F32 d, size_t size, const Visit& visit) {
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    visit(
        i, [d](const float* p) { return hn::LoadU(d, p); },
        [d](Vec v, float* p) { hn::StoreU(v, d, p); });
  }
  if (i < size) {
    const size_t rest = size - i;
    visit(
        i, [d, rest](const float* p) { return LoadFirst(d, p, rest); },
        [d, rest](Vec v, float* p) { StoreFirst(v, d, p, rest); });
  }
}

void AddLayerNormForTarget(const float* a, const float* b, const LayerNormWeights& weights, int dim,
                           float* y) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  const size_t size = dim;
  const size_t tail = size % lanes;
  auto sums = hn::Zero(d);
  ForEachVector(d, size, [&](size_t i, auto load, auto store) HWY_ATTR {
    const auto sum = hn::Add(load(a + i), load(b + i));
    store(sum, y + i);
    sums = hn::Add(sums, sum);
  });
  const float mean = hn::GetLane(hn::SumOfLanes(d, sums)) / static_cast<float>(dim);
  const auto means = hn::Set(d, mean);
  // Lanes past the row's end would count as (0 - mean)^2: the mask keeps them out.
  auto squares = hn::Zero(d);
  ForEachVector(d, size, [&](size_t i, auto load, auto) HWY_ATTR {
    auto deviation = hn::Sub(load(y + i), means);
    if (i + lanes > size) deviation = hn::IfThenElseZero(hn::FirstN(d, tail), deviation);
    squares = hn::MulAdd(deviation, deviation, squares);
  });
  const float variance = hn::GetLane(hn::SumOfLanes(d, squares)) / static_cast<float>(dim);
  const auto scale = hn::Set(d, 1.0f / std::sqrt(variance + kLayerNormEpsilon));
  ForEachVector(d, size, [&](size_t i, auto load, auto store) HWY_ATTR {
    const auto normal = hn::Mul(hn::Sub(load(y + i), means), scale);
    store(hn::MulAdd(normal, load(weights.gain + i), load(weights.bias + i)), y + i);
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
