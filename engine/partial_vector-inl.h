// Loads and stores of a row's last, incomplete vector: they touch nothing past the row. (Highway's
// own masked forms may read, and on old instruction sets rewrite, the neighbouring row, which is
// another thread's.) Included once per instruction set, inside Highway's foreach_target.
#include "hwy/highway.h"

#if defined(VERDICT_ENGINE_PARTIAL_VECTOR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VERDICT_ENGINE_PARTIAL_VECTOR_INL_H_
#undef VERDICT_ENGINE_PARTIAL_VECTOR_INL_H_
#else
#define VERDICT_ENGINE_PARTIAL_VECTOR_INL_H_
#endif

#include <cstddef>
#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace verdict {
namespace HWY_NAMESPACE {

// The first `count` lanes from `p`; zero in the others.
template <class D>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<D> LoadFirst(D d, const hwy::HWY_NAMESPACE::TFromD<D>* p,
                                                size_t count) {
  using T = hwy::HWY_NAMESPACE::TFromD<D>;
  HWY_ALIGN T lanes[hwy::HWY_NAMESPACE::MaxLanes(D())] = {};
  std::memcpy(lanes, p, count * sizeof(T));
  return hwy::HWY_NAMESPACE::Load(d, lanes);
}

// Writes the first `count` lanes of `v` to `p`.
template <class D>
HWY_INLINE void StoreFirst(hwy::HWY_NAMESPACE::Vec<D> v, D d, hwy::HWY_NAMESPACE::TFromD<D>* p,
                           size_t count) {
  using T = hwy::HWY_NAMESPACE::TFromD<D>;
  HWY_ALIGN T lanes[hwy::HWY_NAMESPACE::MaxLanes(D())];
  hwy::HWY_NAMESPACE::Store(v, d, lanes);
  std::memcpy(p, lanes, count * sizeof(T));
}

}  // namespace HWY_NAMESPACE
}  // namespace verdict
HWY_AFTER_NAMESPACE();

#endif
