// oneDNN's products (onednn.h), as a backend.
#ifndef VERDICT_ENGINE_KERNELS_ONEDNN_ONEDNN_BACKEND_H_
#define VERDICT_ENGINE_KERNELS_ONEDNN_ONEDNN_BACKEND_H_

#include <memory>

#include "engine/kernels/product.h"
#include "engine/precision.h"

namespace verdict {

// REQUIRES: HasKernels(precision).
std::unique_ptr<ProductBackend> MakeOneDnnBackend(Precision precision);

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_ONEDNN_ONEDNN_BACKEND_H_
