// Checks a backend's products against oneDNN's in float32.
#ifndef VERDICT_ENGINE_KERNELS_ORACLE_H_
#define VERDICT_ENGINE_KERNELS_ORACLE_H_

#include <chrono>
#include <set>
#include <tuple>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/kernels/product.h"

namespace verdict {

// Checks the kernels before the first request comes: a kernel that was compiled wrongly, or an
// instruction set that a hypervisor offers and does not have, must not answer. A few random rows
// are multiplied with a layer's weights by the backend that will serve them, and by oneDNN in
// float32. Each shape of a layer is checked once.
//
// Used from one thread.
class Oracle {
 public:
  // `packed` is what `backend` made of `weights` [out, in]; they are read as they are, so no second
  // copy is made.
  //
  // DATA_LOSS: a result is further off than rounding to the backend's precision explains. The
  // message says which and how far. INTERNAL: oneDNN could not compute.
  absl::Status Check(const ProductBackend& backend, const PackedWeights& packed,
                     absl::Span<const float> weights, int in, int out);

  // What all checks took.
  std::chrono::nanoseconds time() const { return time_; }

 private:
  std::set<std::tuple<const ProductBackend*, int, int>> checked_;
  std::chrono::nanoseconds time_{0};
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_ORACLE_H_
