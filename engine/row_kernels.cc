#include "engine/row_kernels.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/row_kernels.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target.h: compiled once per instruction set.
#include "engine/partial_vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace verdict {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using F32 = hn::ScalableTag<float>;
using Vec = hn::Vec<F32>;

// DistilBERT's, in every checkpoint.
constexpr float kLayerNormEpsilon = 1e-12f;

// erf as x P(x^2) / Q(x^2) on |x| <= 3.83, where it reaches 1 in float32; relative error 3.5e-7.
// Coefficients by engine/fit_erf.py.
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
  return hn::Div(hn::Mul(x, p), q);
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

template <class Activation>
HWY_INLINE void BiasThen(const Activation& activation, const EpilogueTile& tile) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  const size_t columns = tile.columns;
  for (int row = 0; row < tile.rows; ++row) {
    const float* product = tile.product + row * tile.product_stride;
    float* y = tile.y + row * tile.y_stride;
    size_t i = 0;
    for (; i + lanes <= columns; i += lanes) {
      const auto sum = hn::Add(hn::LoadU(d, product + i), hn::LoadU(d, tile.bias + i));
      hn::StoreU(activation(d, sum), d, y + i);
    }
    if (i < columns) {
      const size_t rest = columns - i;
      const auto sum = hn::Add(LoadFirst(d, product + i, rest), LoadFirst(d, tile.bias + i, rest));
      StoreFirst(activation(d, sum), d, y + i, rest);
    }
  }
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
HWY_EXPORT(TargetForTarget);

void ApplyEpilogue(Epilogue epilogue, const EpilogueTile& tile) {
  HWY_DYNAMIC_DISPATCH(ApplyEpilogueForTarget)(epilogue, tile);
}

void AddLayerNorm(const float* a, const float* b, const LayerNormWeights& weights, int dim,
                  float* y) {
  HWY_DYNAMIC_DISPATCH(AddLayerNormForTarget)(a, b, weights, dim, y);
}

const char* HighwayTarget() { return HWY_DYNAMIC_DISPATCH(TargetForTarget)(); }

}  // namespace verdict
#endif  // HWY_ONCE
