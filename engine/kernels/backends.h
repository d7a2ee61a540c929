// Which of the kernels computes a model's matrix products on this CPU.
#ifndef VERDICT_ENGINE_KERNELS_BACKENDS_H_
#define VERDICT_ENGINE_KERNELS_BACKENDS_H_

#include "engine/kernels/product_kind.h"
#include "engine/precision.h"

namespace verdict {

// The fastest products in `precision` on this CPU.
ProductKind FastestProducts(Precision precision);

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_BACKENDS_H_
