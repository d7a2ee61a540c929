// The matrix product of packed bytes in AMX's tiles ("Intel Architecture Instruction Set
// Extensions": TMUL), and of float32 with it, which takes a third of the time that float32's own
// instructions take.
//
// A float32 there is an integer of 24 bits times its row's scale, and that a sum of three bytes
// with a sign, high, middle and low (Ozaki et al. 2012 slice numbers so). Of the nine products of
// two such sums all are computed but low x low, which is less than float32 rounds off. All sums are
// exact, so a row's bits depend on no order, and not on the rows with it.
#ifndef VERDICT_ENGINE_TILE_PRODUCT_H_
#define VERDICT_ENGINE_TILE_PRODUCT_H_

#include <cstddef>
#include <cstdint>

#include "engine/fetcher.h"

namespace verdict {

// Whether this CPU has AMX's tiles of bytes, the operating system lets us use them, and oneDNN's
// own limit of instruction sets (ONEDNN_MAX_CPU_ISA) admits them.
bool HasTiles();

// Some rows of y = x W^T, for the columns of some panels.
//
// With one slice x is uint8_t. With three, of QuantizeToInt24, y has four parts: high x high, then
// high x middle both ways, then high x low both ways and middle x middle, and then middle x low
// both ways. So x W^T is 256 (256 (256 (256 y[0] + y[1]) + y[2]) + y[3]).
struct TileProduct {
  int slices = 1;  // 1 or 3
  // [rows, in / kTileDepth, slices, kTileDepth]. The memory continues for kTileSize rows more,
  // which may be read.
  const void* x = nullptr;
  int rows = 0;
  int in = 0;                      // a multiple of kTileDepth
  const int8_t* panels = nullptr;  // one after another, as PackTilePanel packs them
  int panel_count = 0;
  // [TileParts(slices), TileRows(rows), columns of all panels]
  int32_t* y = nullptr;
  ToFetch to_fetch;  // brought to the caches meanwhile
};

int TileParts(int slices);

// Rows of a part of y: some more than `rows`, and what is in those may be anything.
int TileRows(int rows);

// HasTiles.
void MultiplyTiles(const TileProduct& product);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TILE_PRODUCT_H_
