#include "engine/kernels/tiles/tile_packing.h"

#include <algorithm>

namespace verdict {

size_t TilePanelSize(int bytes, int in) { return size_t{kTileSize} * bytes * in; }

void PackTilePanel(int bytes, const int8_t* weights, int in, int columns, int8_t* panel) {
  constexpr int kTogether = 4;  // of a column
  std::fill_n(panel, TilePanelSize(bytes, in), int8_t{0});
  const int size = bytes * in;
  for (int column = 0; column < columns; ++column) {
    for (int i = 0; i < size; ++i) {
      panel[(i / kTogether * kTileSize + column) * kTogether + i % kTogether] =
          weights[static_cast<size_t>(column) * size + i];
    }
  }
}

}  // namespace verdict
