#include "engine/backends.h"

#include "engine/onednn.h"
#include "engine/tile_product.h"

namespace verdict {

ProductKind FastestProducts(Precision precision) {
  if (HasTiles()) return {precision, Kernels::kTiles};
  return {precision, HasFastKernels(precision) ? Kernels::kOneDnn : Kernels::kPanels};
}

}  // namespace verdict
