// Which of the kernels computes a model's matrix products on this CPU.
#ifndef VERDICT_ENGINE_BACKENDS_H_
#define VERDICT_ENGINE_BACKENDS_H_

#include "engine/precision.h"
#include "engine/product_kind.h"

namespace verdict {

// The fastest products in `precision` on this CPU.
ProductKind FastestProducts(Precision precision);

}  // namespace verdict

#endif  // VERDICT_ENGINE_BACKENDS_H_
