// Our products in vectors, on every CPU (panel_product.h), as a backend.
#ifndef VERDICT_ENGINE_KERNELS_PANELS_PANELS_BACKEND_H_
#define VERDICT_ENGINE_KERNELS_PANELS_PANELS_BACKEND_H_

#include <memory>

#include "engine/kernels/product.h"
#include "engine/precision.h"

namespace verdict {

// In bf16 rows are integers of 16 bits, about as exact, and in int8 bytes with a zero point.
std::unique_ptr<ProductBackend> MakePanelsBackend(Precision precision);

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_PANELS_PANELS_BACKEND_H_
