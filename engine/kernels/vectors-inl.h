// Names for vectors, and passes over a row vector by vector, whose last one may be incomplete:
// loads and stores touch nothing past the row. (Highway's own masked forms may read, and on old
// instruction sets rewrite, the neighbouring row, which is another thread's.) Included once per
// instruction set, inside Highway's foreach_target.
#include "hwy/highway.h"

#if defined(VERDICT_ENGINE_KERNELS_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VERDICT_ENGINE_KERNELS_VECTORS_INL_H_
#undef VERDICT_ENGINE_KERNELS_VECTORS_INL_H_
#else
#define VERDICT_ENGINE_KERNELS_VECTORS_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace verdict {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using F32 = hn::ScalableTag<float>;
using Vec = hn::Vec<F32>;
using Int32 = hn::RebindToSigned<F32>;

constexpr bool kHas32Registers = HWY_TARGET <= HWY_AVX3;  // others that we serve have 16

// The first `count` lanes from `p`; zero in the others.
template <class D>
HWY_INLINE hn::Vec<D> LoadFirst(D d, const hn::TFromD<D>* p, size_t count) {
  using T = hn::TFromD<D>;
  HWY_ALIGN T lanes[hn::MaxLanes(D())] = {};
  std::memcpy(lanes, p, count * sizeof(T));
  return hn::Load(d, lanes);
}

// Writes the first `count` lanes of `v` to `p`.
template <class D>
HWY_INLINE void StoreFirst(hn::Vec<D> v, D d, hn::TFromD<D>* p, size_t count) {
  using T = hn::TFromD<D>;
  HWY_ALIGN T lanes[hn::MaxLanes(D())];
  hn::Store(v, d, lanes);
  std::memcpy(p, lanes, count * sizeof(T));
}

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

// So many vectors are computed at the same time.
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

// A result of a whole row, such as a sum, kept apart for each turn: in a single one, each turn
// would wait for the one before.
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

// The polynomial of x with these coefficients, highest power first (Horner's rule).
template <class... Lower>
HWY_INLINE Vec Polynomial(F32 d, Vec x, float highest, Lower... lower) {
  auto sum = hn::Set(d, highest);
  ((sum = hn::MulAdd(sum, x, hn::Set(d, lower))), ...);
  return sum;
}

using U16 = hn::Rebind<uint16_t, F32>;

// The bits of bfloat16. To the nearest, ties to even: Highway's own conversion cuts off.
HWY_INLINE hn::Vec<U16> ToBf16(F32, Vec x) {
  const hn::RebindToUnsigned<F32> words;
  const auto bits = hn::BitCast(words, x);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(words, 1));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(words, 0x7FFF)));
  return hn::TruncateTo(U16(), hn::ShiftRight<16>(rounded));
}

}  // namespace HWY_NAMESPACE
}  // namespace verdict
HWY_AFTER_NAMESPACE();

#endif
