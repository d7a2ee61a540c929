// The matrix product of packed weights in AMX's tiles ("Intel Architecture Instruction Set
// Extensions": TMUL), which hold bfloat16 or bytes; and of float32 with them, which takes a third
// of the time that float32's own instructions take.
//
// A float32 there is an integer of 24 bits times its row's scale, and that a sum of three bytes
// with a sign, high, middle and low (Ozaki et al. 2012 slice numbers so). Of the nine products of
// two such sums, eight are computed; low x low is less than what float32 rounds off. All sums are
// exact, so a row's bits depend on no order. Those of bfloat16 are added up in the order of the
// columns, whatever rows are with them.
#ifndef VERDICT_ENGINE_KERNELS_TILES_TILE_PRODUCT_H_
#define VERDICT_ENGINE_KERNELS_TILES_TILE_PRODUCT_H_

#include <cstdint>

#include "engine/memory/fetcher.h"

namespace verdict {

// Whether this CPU has AMX's tiles of bfloat16 and bytes, the operating system lets us use them,
// and oneDNN's own limit of instruction sets (ONEDNN_MAX_CPU_ISA) admits them.
bool HasTiles();

// What tiles multiply: numbers of x.
enum class TileType { kBf16, kUint8, kInt24 };

// Bytes of one number.
int TileBytes(TileType type);

// Some rows of y = x W^T, for the columns of some panels.
//
// | x's type | W        | y                        |
// | kBf16    | bfloat16 | float                    |
// | kUint8   | int8_t   | int32_t, exact           |
// | kInt24   | as x     | int32_t, exact, in parts |
//
// Its four parts are high x high, then high x middle both ways, then high x low both ways and
// middle x middle, and then middle x low both ways. So x W^T is 256 (256 (256 (256 y[0] + y[1]) +
// y[2]) + y[3]).
struct TileProduct {
  TileType type = TileType::kUint8;
  // [rows, in] at x_stride. The memory continues for kTileSize rows
  // more, which may be read.
  const void* x = nullptr;
  size_t x_stride = 0;  // bytes
  int rows = 0;
  // At most kMaxIn. A row is a multiple of kTileDepth bytes, and with slices of three times that.
  int in = 0;
  const int8_t* panels = nullptr;  // one after another, as PackTilePanel packs them
  int panel_count = 0;
  // [TileParts(type), TileRows(type, rows), columns of all panels]
  void* y = nullptr;
  ToFetch to_fetch;  // brought to the caches meanwhile
};

int TileParts(TileType type);

// Rows of a part of y: `rows` and some more, whose contents are undefined.
int TileRows(TileType type, int rows);

// REQUIRES: HasTiles().
void MultiplyTiles(const TileProduct& product);

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_TILES_TILE_PRODUCT_H_
