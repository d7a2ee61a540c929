// Our products in AMX's tiles (tile_product.h), as a backend.
#ifndef VERDICT_ENGINE_KERNELS_TILES_TILES_BACKEND_H_
#define VERDICT_ENGINE_KERNELS_TILES_TILES_BACKEND_H_

#include <memory>

#include "engine/kernels/product.h"
#include "engine/precision.h"

namespace verdict {

// REQUIRES: HasTiles(). In f32 rows are integers of 24 bits, and in int8 bytes with a zero point.
std::unique_ptr<ProductBackend> MakeTilesBackend(Precision precision);

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_TILES_TILES_BACKEND_H_
