#include "engine/tile_packing.h"

#include <algorithm>

namespace verdict {

size_t TilePanelSize(int slices, int in) { return size_t{kTileSize} * slices * in; }

void PackTilePanel(int slices, const int8_t* weights, int in, int columns, int8_t* panel) {
  constexpr int kTogether = 4;  // of a column
  std::fill_n(panel, TilePanelSize(slices, in), int8_t{0});
  const int bytes = slices * in;  // of a column: its slices lie in it as in the panel
  for (int column = 0; column < columns; ++column) {
    for (int i = 0; i < bytes; ++i) {
      panel[(i / kTogether * kTileSize + column) * kTogether + i % kTogether] =
          weights[static_cast<size_t>(column) * bytes + i];
    }
  }
}

}  // namespace verdict
