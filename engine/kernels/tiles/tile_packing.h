// Weights as tile_product.h multiplies them, packed once.
#ifndef VERDICT_ENGINE_KERNELS_TILES_TILE_PACKING_H_
#define VERDICT_ENGINE_KERNELS_TILES_TILE_PACKING_H_

#include <cstddef>
#include <cstdint>

namespace verdict {

// Columns of a panel of packed weights, and the most rows that are multiplied with it at once.
inline constexpr int kTileSize = 16;
// Bytes of a row that are multiplied with it at once; `in` is a multiple of this.
inline constexpr int kTileDepth = 64;

// Bytes of a panel whose weights have `bytes` each.
size_t TilePanelSize(int bytes, int in);

// Packs `columns` rows, at most kTileSize, of weights [out, in * bytes] as [in * bytes / 4,
// kTileSize, 4]; filled up with zeros.
void PackTilePanel(int bytes, const int8_t* weights, int in, int columns, int8_t* panel);

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_TILES_TILE_PACKING_H_
