// Names for vectors of floats, and loads and stores of a row's last, incomplete one: they touch
// nothing past the row. (Highway's own masked forms may read, and on old instruction sets rewrite,
// the neighbouring row, which is another thread's.) Included once per instruction set, inside
// Highway's foreach_target.
#include "hwy/highway.h"

#if defined(VERDICT_ENGINE_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VERDICT_ENGINE_VECTORS_INL_H_
#undef VERDICT_ENGINE_VECTORS_INL_H_
#else
#define VERDICT_ENGINE_VECTORS_INL_H_
#endif

#include <cstddef>
#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace verdict {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using F32 = hn::ScalableTag<float>;
using Vec = hn::Vec<F32>;

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

}  // namespace HWY_NAMESPACE
}  // namespace verdict
HWY_AFTER_NAMESPACE();

#endif
