#include "engine/kernels/product.h"

#include <algorithm>

namespace verdict {

Piece Cut::Group(int group) const {
  const int first = group * group_panels;
  return {.first_panel = first, .panels = std::min(group_panels, panels - first)};
}

Piece Cut::PieceOf(int index) const {
  const int block = index % blocks;
  const int part = index / blocks / groups;
  Piece piece = Group(index / blocks % groups);
  if (block_rows > 0) {
    piece.first_row = block * block_rows;
    piece.rows = std::min(block_rows, rows - piece.first_row);
  } else {
    const int all_blocks = parts * blocks;
    const int row_block = part * blocks + block;
    piece.first_row = rows * row_block / all_blocks;
    piece.rows = rows * (row_block + 1) / all_blocks - piece.first_row;
  }
  return piece;
}

}  // namespace verdict
