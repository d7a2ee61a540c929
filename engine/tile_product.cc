#include "engine/tile_product.h"

#include <array>

#include "engine/onednn.h"
#include "engine/quantization.h"
#include "engine/rounding.h"
#include "engine/tile_packing.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace verdict {

int TileParts(InputType type) { return type == InputType::kInt24 ? 4 : 1; }

// Blocks of nearly equal numbers of rows: a tile takes as long as it has rows.
int TileRows(int rows) {
  const int blocks = DivideUp(rows, kTileSize);
  return DivideUp(rows, blocks) * blocks;
}

#if defined(__x86_64__)
namespace {

#define VERDICT_TILES __attribute__((target("amx-tile,amx-int8,amx-bf16")))

// What a tile of weights takes.
constexpr int kTileBytes = kTileSize * kTileDepth;

// The shapes of the eight tiles: 0 to 3 are sums, 4 to 6 rows of x, 7 is weights.
struct alignas(64) TileShapes {
  constexpr explicit TileShapes(int rows_of_x) {
    for (int tile = 0; tile < 8; ++tile) {
      row_bytes[tile] = kTileDepth;
      rows[tile] = static_cast<uint8_t>(tile < 7 ? rows_of_x : kTileSize);
    }
  }
  uint8_t palette = 1;
  uint8_t start_row = 0;
  std::array<uint8_t, 14> reserved = {};
  std::array<uint16_t, 16> row_bytes = {};
  std::array<uint8_t, 16> rows = {};
};
static_assert(sizeof(TileShapes) == 64);

// By the number of rows. In memory before they are used: the compiler does not see all that the
// instruction reads.
constexpr std::array<TileShapes, kTileSize + 1> kShapes = {
    TileShapes(1),  TileShapes(1),  TileShapes(2),  TileShapes(3),  TileShapes(4),  TileShapes(5),
    TileShapes(6),  TileShapes(7),  TileShapes(8),  TileShapes(9),  TileShapes(10), TileShapes(11),
    TileShapes(12), TileShapes(13), TileShapes(14), TileShapes(15), TileShapes(16)};

// So much of `in` at a time that the rows of a block stay in L1, while the weights pass by.
constexpr size_t kMaxDepthBytes = 2304;

// Some rows, at most kTileSize, some of `in` and one panel.
struct Block {
  const int8_t* x;
  size_t x_stride;  // bytes
  const int8_t* weights;
  int depths;  // tiles of x, or with three slices three of them
  int32_t* y;
  size_t y_stride;  // bytes
  size_t y_part;    // sums from one part to the next
  bool adds;        // to what y holds
};

// Three slices. Weights are loaded so that they leave L1 to x.
VERDICT_TILES void MultiplySlices(const Block& block, Fetcher& fetcher) {
  int32_t* y0 = block.y;
  int32_t* y1 = y0 + block.y_part;
  int32_t* y2 = y1 + block.y_part;
  int32_t* y3 = y2 + block.y_part;
  if (block.adds) {
    _tile_loadd(0, y0, block.y_stride);
    _tile_loadd(1, y1, block.y_stride);
    _tile_loadd(2, y2, block.y_stride);
    _tile_loadd(3, y3, block.y_stride);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  const int8_t *x = block.x, *weights = block.weights;
  for (int depth = 0; depth < block.depths; ++depth) {
    _tile_stream_loadd(7, weights, kTileDepth);
    _tile_loadd(4, x, block.x_stride);
    fetcher.Step();
    _tile_dpbssd(0, 4, 7);
    _tile_loadd(5, x + kTileDepth, block.x_stride);
    fetcher.Step();
    _tile_dpbssd(1, 5, 7);
    _tile_loadd(6, x + 2 * kTileDepth, block.x_stride);
    fetcher.Step();
    _tile_dpbssd(2, 6, 7);
    _tile_stream_loadd(7, weights + kTileBytes, kTileDepth);
    fetcher.Step();
    _tile_dpbssd(1, 4, 7);
    fetcher.Step();
    _tile_dpbssd(2, 5, 7);
    fetcher.Step();
    _tile_dpbssd(3, 6, 7);
    _tile_stream_loadd(7, weights + 2 * kTileBytes, kTileDepth);
    fetcher.Step();
    _tile_dpbssd(2, 4, 7);
    fetcher.Step();
    _tile_dpbssd(3, 5, 7);
    x += 3 * kTileDepth;
    weights += 3 * kTileBytes;
  }
  _tile_stored(0, y0, block.y_stride);
  _tile_stored(1, y1, block.y_stride);
  _tile_stored(2, y2, block.y_stride);
  _tile_stored(3, y3, block.y_stride);
}

// Tile 0 or 1 += x's tile 4 times the weights' tile 7.
struct Bf16Tiles {
  VERDICT_TILES static void Multiply0() { _tile_dpbf16ps(0, 4, 7); }
  VERDICT_TILES static void Multiply1() { _tile_dpbf16ps(1, 4, 7); }
};
struct Uint8Tiles {
  VERDICT_TILES static void Multiply0() { _tile_dpbusd(0, 4, 7); }
  VERDICT_TILES static void Multiply1() { _tile_dpbusd(1, 4, 7); }
};

// One or two panels of numbers that are not sliced: two share the load of x.
template <class Tiles, int kPanels>
VERDICT_TILES void MultiplyPlain(const Block& block, size_t panel_size, Fetcher& fetcher) {
  if (block.adds) {
    _tile_loadd(0, block.y, block.y_stride);
    if constexpr (kPanels == 2) _tile_loadd(1, block.y + kTileSize, block.y_stride);
  } else {
    _tile_zero(0);
    if constexpr (kPanels == 2) _tile_zero(1);
  }
  const int8_t *x = block.x, *weights = block.weights;
  for (int depth = 0; depth < block.depths; ++depth) {
    fetcher.Step();
    _tile_loadd(4, x, block.x_stride);
    _tile_stream_loadd(7, weights, kTileDepth);
    Tiles::Multiply0();
    if constexpr (kPanels == 2) {
      fetcher.Step();
      _tile_stream_loadd(7, weights + panel_size, kTileDepth);
      Tiles::Multiply1();
    }
    x += kTileDepth;
    weights += kTileBytes;
  }
  _tile_stored(0, block.y, block.y_stride);
  if constexpr (kPanels == 2) _tile_stored(1, block.y + kTileSize, block.y_stride);
}

// Both panels of a block if there are two; returns how many there were.
template <class Tiles>
VERDICT_TILES int MultiplyPlainPanels(const Block& block, int panels, size_t panel_size,
                                      Fetcher& fetcher) {
  if (panels == 1) {
    MultiplyPlain<Tiles, 1>(block, panel_size, fetcher);
    return 1;
  }
  MultiplyPlain<Tiles, 2>(block, panel_size, fetcher);
  return 2;
}

// The first of the panels that are left, or two; returns how many.
VERDICT_TILES int MultiplyPanelsOf(InputType type, const Block& block, int panels,
                                   size_t panel_size, Fetcher& fetcher) {
  if (type == InputType::kBf16) {
    return MultiplyPlainPanels<Bf16Tiles>(block, panels, panel_size, fetcher);
  }
  if (type == InputType::kUint8) {
    return MultiplyPlainPanels<Uint8Tiles>(block, panels, panel_size, fetcher);
  }
  MultiplySlices(block, fetcher);
  return 1;
}

}  // namespace

// oneDNN finds AMX only where it got the operating system's leave for this process.
bool HasTiles() { return HasAmx(); }

VERDICT_TILES void MultiplyTiles(const TileProduct& product) {
  const int bytes = static_cast<int>(ElementSize(product.type));
  const int blocks = DivideUp(product.rows, kTileSize);
  const int rows = DivideUp(product.rows, blocks);
  const size_t x_stride = size_t{1} * product.in * bytes;
  const size_t y_stride = size_t{1} * product.panel_count * kTileSize;
  const size_t panel_size = TilePanelSize(bytes, product.in);
  // A step takes all slices of so many numbers.
  const int step = product.type == InputType::kInt24 ? kInt24Slices * kTileDepth : kTileDepth;
  const int depths = static_cast<int>(x_stride / step);
  const int parts = static_cast<int>(DivideUp(x_stride, kMaxDepthBytes));
  const size_t fetches_in_a_depth = product.type == InputType::kInt24 ? 8 : 1;
  Fetcher fetcher(product.to_fetch, fetches_in_a_depth * blocks * depths * product.panel_count);
  _tile_loadconfig(&kShapes[rows]);
  for (int i = 0; i < blocks; ++i) {
    const int8_t* x = static_cast<const int8_t*>(product.x) + i * rows * x_stride;
    for (int part = 0; part < parts; ++part) {
      const int first = depths * part / parts;
      for (int panel = 0; panel < product.panel_count;) {
        const Block block = {
            .x = x + first * step,
            .x_stride = x_stride,
            .weights = product.panels + panel * panel_size + size_t{1} * first * step * kTileSize,
            .depths = depths * (part + 1) / parts - first,
            .y = static_cast<int32_t*>(product.y) + i * rows * y_stride + panel * kTileSize,
            .y_stride = y_stride * sizeof(int32_t),
            .y_part = blocks * rows * y_stride,
            .adds = part > 0};
        panel +=
            MultiplyPanelsOf(product.type, block, product.panel_count - panel, panel_size, fetcher);
      }
    }
  }
  _tile_release();  // so that a change of threads need not save the tiles
}

#else

bool HasTiles() { return false; }
void MultiplyTiles(const TileProduct&) {}

#endif

}  // namespace verdict
