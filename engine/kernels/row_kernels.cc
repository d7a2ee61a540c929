#include "engine/kernels/row_kernels.h"

#include <cmath>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/row_kernels.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target.h: compiled once per instruction set.
#include "engine/kernels/exp2-inl.h"
#include "engine/kernels/vectors-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace verdict {
namespace HWY_NAMESPACE {

struct Identity {
  HWY_INLINE Vec operator()(F32, Vec x) const { return x; }
};

// x Phi(x), where Phi(x) - 1/2 is x P(x^2) / Q(x^2) on |x| <= 5.42, from where Phi is 1 in float32;
// largest error of Phi 1.8e-7. Coefficients by engine/kernels/fit_kernels.py.
struct Gelu {
  HWY_INLINE Vec operator()(F32 d, Vec x) const {
    const auto limit = hn::Set(d, 5.4199829f);
    const auto clamped = hn::Min(hn::Max(x, hn::Neg(limit)), limit);
    const auto t = hn::Mul(clamped, clamped);
    const auto p = Polynomial(d, t, 1.1584571e-10f, -2.1939696e-08f, 3.0197275e-06f, 1.5049189e-04f,
                              4.3837833e-03f, 3.4017652e-02f, 3.9894226e-01f);
    const auto q =
        Polynomial(d, t, 5.5650260e-05f, 1.7164143e-03f, 2.7979555e-02f, 2.5193563e-01f, 1.0f);
    // One step of Newton's from the hardware's estimate: with a division, AVX2 takes 19 cycles a
    // vector in place of 16.
    const auto estimate = hn::ApproximateReciprocal(q);
    const auto one_over_q = hn::Mul(estimate, hn::NegMulAdd(q, estimate, hn::Set(d, 2.0f)));
    const auto phi = hn::MulAdd(hn::Mul(clamped, p), one_over_q, hn::Set(d, 0.5f));
    return hn::Mul(x, phi);
  }
};

// Where Phi(x) - 1/2 is x P(x^2) on |x| <= 3.95, and Phi 0 or 1 beyond. Coefficients by
// engine/kernels/fit_kernels.py.
struct RoughGelu {
  HWY_INLINE Vec operator()(F32 d, Vec x) const {
    const auto limit = hn::Set(d, 3.95f);
    const auto clamped = hn::Min(hn::Max(x, hn::Neg(limit)), limit);
    const auto t = hn::Mul(clamped, clamped);
    const auto p = Polynomial(d, t, 2.4435767e-08f, -1.6811518e-06f, 4.9551927e-05f,
                              -8.2903926e-04f, 8.8429172e-03f, -6.4722747e-02f, 3.9798668e-01f);
    return hn::Mul(x, hn::MulAdd(clamped, p, hn::Set(d, 0.5f)));
  }
};

// transformers' gelu_10.
struct Gelu10 {
  HWY_INLINE Vec operator()(F32 d, Vec x) const {
    const auto most = hn::Set(d, 10.0f);
    const auto y = Gelu()(d, x);
    return hn::IfThenElse(hn::Gt(y, most), most, y);  // unlike Min's, a NaN stays one
  }
};

// x sigmoid(gate(x)), with e = exp(-|gate|), which cannot overflow.
template <class Gate>
struct SigmoidGated {
  HWY_INLINE Vec operator()(F32 d, Vec x) const {
    const auto gate = Gate()(d, x);
    const auto one = hn::Set(d, 1.0f);
    const auto t = hn::Mul(hn::Neg(hn::Abs(gate)), hn::Set(d, kLog2E));
    const auto e = Exp2<Exp2Polynomial>(d, t);
    const auto of_positive = hn::Div(one, hn::Add(one, e));
    const auto sigmoid =
        hn::IfThenElse(hn::Lt(gate, hn::Zero(d)), hn::Mul(e, of_positive), of_positive);
    return hn::Mul(x, sigmoid);
  }
};

// (1 + tanh(u)) / 2 is sigmoid(2 u); here u = sqrt(2 / pi) (x + 0.044715 x^3).
struct TanhGate {
  HWY_INLINE Vec operator()(F32 d, Vec x) const {
    const auto factor =
        hn::MulAdd(hn::Mul(x, x), hn::Set(d, 1.5957691f * 0.044715f), hn::Set(d, 1.5957691f));
    return hn::Mul(x, factor);
  }
};

struct QuickGate {
  HWY_INLINE Vec operator()(F32 d, Vec x) const { return hn::Mul(x, hn::Set(d, 1.702f)); }
};

struct PlainGate {
  HWY_INLINE Vec operator()(F32, Vec x) const { return x; }
};

struct Relu {
  HWY_INLINE Vec operator()(F32 d, Vec x) const { return hn::Max(x, hn::Zero(d)); }
};

// (1 - e) / (1 + e) with e = exp(-2 |x|), which cannot overflow, and the sign of x.
struct Tanh {
  HWY_INLINE Vec operator()(F32 d, Vec x) const {
    const auto one = hn::Set(d, 1.0f);
    const auto e = Exp2<Exp2Polynomial>(d, hn::Mul(hn::Abs(x), hn::Set(d, -2 * kLog2E)));
    return hn::CopySign(hn::Div(hn::Sub(one, e), hn::Add(one, e)), x);
  }
};

// A product's numbers of one row, scaled if they are integers.
template <class Product>
struct ProductRow;

template <>
struct ProductRow<float> {
  HWY_INLINE ProductRow(const EpilogueTile& tile, int row)
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
  HWY_INLINE ProductRow(const EpilogueTile& tile, int row)
      : product(static_cast<const int32_t*>(tile.product) + row * tile.product_stride),
        column_scales(tile.column_scales),
        column_sums(tile.column_sums),
        scale(hn::Set(F32(), tile.x[row].scale)),
        zero_point(hn::Set(F32(), static_cast<float>(tile.x[row].zero_point))) {}

  template <class Part>
  HWY_INLINE Vec PlusBias(Vec bias, size_t i, Part part) const {
    auto sum = hn::ConvertTo(F32(), part.Load(Int32(), product + i));
    if (column_sums != nullptr) {
      sum = hn::NegMulAdd(zero_point, part.Load(F32(), column_sums + i), sum);
    }
    const auto factor = hn::Mul(scale, part.Load(F32(), column_scales + i));
    return hn::MulAdd(sum, factor, bias);
  }

  const int32_t* product;
  const float* column_scales;
  const float* column_sums;
  Vec scale;
  Vec zero_point;
};

// In four parts.
struct Parts {};

template <>
struct ProductRow<Parts> {
  HWY_INLINE ProductRow(const EpilogueTile& tile, int row)
      : product(static_cast<const int32_t*>(tile.product) + row * tile.product_stride),
        part_stride(tile.part_stride),
        column_scales(tile.column_scales),
        scale(hn::Set(F32(), tile.x[row].scale * 256)) {}

  template <class Part>
  HWY_INLINE Vec PlusBias(Vec bias, size_t i, Part part) const {
    const auto at = [&](int index) HWY_ATTR {
      return hn::ConvertTo(F32(), part.Load(Int32(), product + index * part_stride + i));
    };
    const auto base = hn::Set(F32(), 256);
    const auto sum =
        hn::MulAdd(hn::MulAdd(hn::MulAdd(at(0), base, at(1)), base, at(2)), base, at(3));
    return hn::MulAdd(sum, hn::Mul(scale, part.Load(F32(), column_scales + i)), bias);
  }

  const int32_t* product;
  size_t part_stride;
  const float* column_scales;
  Vec scale;
};

// Where a row of y begins.
template <bool kToBf16>
HWY_INLINE auto* RowOf(const EpilogueTile& tile, int row) {
  if constexpr (kToBf16) {
    return tile.y.bf16s + row * tile.y.stride;
  } else {
    return tile.y.floats + row * tile.y.stride;
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
  if (tile.parts > 1) return BiasThenAs<Activation, Parts, false>(activation, tile);
  if (tile.y.bf16s != nullptr) {
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
    case Epilogue::kBiasRoughGelu:
      return BiasThen(RoughGelu(), tile);
    case Epilogue::kBiasGelu10:
      return BiasThen(Gelu10(), tile);
    case Epilogue::kBiasGeluTanh:
      return BiasThen(SigmoidGated<TanhGate>(), tile);
    case Epilogue::kBiasQuickGelu:
      return BiasThen(SigmoidGated<QuickGate>(), tile);
    case Epilogue::kBiasSilu:
      return BiasThen(SigmoidGated<PlainGate>(), tile);
    case Epilogue::kBiasRelu:
      return BiasThen(Relu(), tile);
    case Epilogue::kBiasTanh:
      return BiasThen(Tanh(), tile);
  }
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
  const auto scale = hn::Set(d, 1.0f / std::sqrt(variance + weights.epsilon));
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
