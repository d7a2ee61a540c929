#include "engine/kernels/backends.h"

#include "engine/kernels/onednn/onednn.h"
#include "engine/kernels/tiles/tile_product.h"

namespace verdict {

ProductKind FastestProducts(Precision precision) {
  if (HasTiles()) return {precision, Kernels::kTiles};
  return {precision, HasFastKernels(precision) ? Kernels::kOneDnn : Kernels::kPanels};
}

}  // namespace verdict
