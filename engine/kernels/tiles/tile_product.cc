#include "engine/kernels/tiles/tile_product.h"

#include <array>

#include "engine/kernels/onednn/onednn.h"
#include "engine/kernels/quantization.h"
#include "engine/kernels/tiles/tile_packing.h"
#include "engine/memory/rounding.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace verdict {

namespace {

// Blocks of rows, each of as many; in pairs where two are multiplied at once.
int Blocks(TileType type, int rows) {
  const int blocks = DivideUp(rows, kTileSize);
  return type == TileType::kInt24 || blocks == 1 ? blocks : RoundUp(blocks, 2);
}

}  // namespace

int TileBytes(TileType type) {
  switch (type) {
    case TileType::kBf16:
      return 2;
    case TileType::kUint8:
      return 1;
    case TileType::kInt24:
      return kInt24Slices;
  }
  return 0;
}

int TileParts(TileType type) { return type == TileType::kInt24 ? 4 : 1; }

int TileRows(TileType type, int rows) {
  const int blocks = Blocks(type, rows);
  return DivideUp(rows, blocks) * blocks;
}

#if defined(__x86_64__)
namespace {

#define VERDICT_TILES __attribute__((target("amx-tile,amx-int8,amx-bf16")))

// What a tile of weights takes.
constexpr int kTileBytes = kTileSize * kTileDepth;

// Four of the eight tiles are used: 0 and 1 are sums, 2 is some of x, 3 some of the weights. Where
// two threads share a core, each has few registers beside the eight that it may name; once all of
// those are used, its instructions wait for each other (bench/RESULTS.md).
constexpr int kTiles = 4;

// The shapes of the tiles.
struct alignas(64) TileShapes {
  constexpr explicit TileShapes(int rows_of_x) {
    for (int tile = 0; tile < kTiles; ++tile) {
      row_bytes[tile] = kTileDepth;
      rows[tile] = static_cast<uint8_t>(tile < kTiles - 1 ? rows_of_x : kTileSize);
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

// So much of `in` at a time that the rows of x stay in L1, while the weights pass by.
constexpr int kMaxDepthBytes = 2304;

// One or two blocks of rows, at most kTileSize each, some of `in`, and the panels that are left.
struct Block {
  const int8_t* x;
  size_t x_stride;  // bytes
  size_t next_x;    // bytes to the second block
  int blocks;
  const int8_t* weights;
  size_t next_panel;  // bytes
  int panels;
  int depths;  // steps
  int32_t* y;
  size_t y_stride;  // bytes
  size_t next_y;    // sums to the second block's
  size_t y_part;    // sums from one part to the next
  bool adds;        // to what y holds
};

VERDICT_TILES void LoadX(const Block& block, const int8_t* x) { _tile_loadd(2, x, block.x_stride); }

// So that they leave L1 to x.
VERDICT_TILES void LoadWeights(const int8_t* weights) {
  _tile_stream_loadd(3, weights, kTileDepth);
}

// The steps, each with its products of tiles, and what they take of x's depth. Before each product
// something is fetched.

// The sums of three slices: high x high, and high x middle both ways.
struct HighSlices {
  static constexpr int kDepths = kInt24Slices;
  VERDICT_TILES static void Step(const Block& block, const int8_t* x, const int8_t* weights,
                                 Fetcher& fetcher) {
    LoadWeights(weights);
    LoadX(block, x + kTileDepth);
    fetcher.Step();
    _tile_dpbssd(1, 2, 3);
    LoadX(block, x);
    fetcher.Step();
    _tile_dpbssd(0, 2, 3);
    LoadWeights(weights + kTileBytes);
    fetcher.Step();
    _tile_dpbssd(1, 2, 3);
  }
};

// High x low both ways and middle x middle, and middle x low both ways.
struct LowSlices {
  static constexpr int kDepths = kInt24Slices;
  VERDICT_TILES static void Step(const Block& block, const int8_t* x, const int8_t* weights,
                                 Fetcher& fetcher) {
    LoadWeights(weights + 2 * kTileBytes);
    LoadX(block, x);
    fetcher.Step();
    _tile_dpbssd(0, 2, 3);
    LoadX(block, x + kTileDepth);
    fetcher.Step();
    _tile_dpbssd(1, 2, 3);
    LoadWeights(weights + kTileBytes);
    fetcher.Step();
    _tile_dpbssd(0, 2, 3);
    LoadX(block, x + 2 * kTileDepth);
    fetcher.Step();
    _tile_dpbssd(1, 2, 3);
    LoadWeights(weights);
    fetcher.Step();
    _tile_dpbssd(0, 2, 3);
  }
};

// Products of numbers that are not sliced.
struct Bf16Products {
  VERDICT_TILES static void Multiply0() { _tile_dpbf16ps(0, 2, 3); }
  VERDICT_TILES static void Multiply1() { _tile_dpbf16ps(1, 2, 3); }
};
struct Uint8Products {
  VERDICT_TILES static void Multiply0() { _tile_dpbusd(0, 2, 3); }
  VERDICT_TILES static void Multiply1() { _tile_dpbusd(1, 2, 3); }
};

// One block, one panel. The second sum is not used.
template <class Products>
struct One {
  static constexpr int kDepths = 1;
  VERDICT_TILES static void Step(const Block& block, const int8_t* x, const int8_t* weights,
                                 Fetcher& fetcher) {
    LoadWeights(weights);
    LoadX(block, x);
    fetcher.Step();
    Products::Multiply0();
  }
};

template <class Products>
struct TwoBlocks {
  static constexpr int kDepths = 1;
  VERDICT_TILES static void Step(const Block& block, const int8_t* x, const int8_t* weights,
                                 Fetcher& fetcher) {
    One<Products>::Step(block, x, weights, fetcher);
    LoadX(block, x + block.next_x);
    fetcher.Step();
    Products::Multiply1();
  }
};

template <class Products>
struct TwoPanels {
  static constexpr int kDepths = 1;
  VERDICT_TILES static void Step(const Block& block, const int8_t* x, const int8_t* weights,
                                 Fetcher& fetcher) {
    One<Products>::Step(block, x, weights, fetcher);
    LoadWeights(weights + block.next_panel);
    fetcher.Step();
    Products::Multiply1();
  }
};

// Adds up some steps to two sums, of which the second may be null.
template <class Steps>
VERDICT_TILES void Multiply(const Block& block, int32_t* y0, int32_t* y1, Fetcher& fetcher) {
  _tile_zero(0);
  _tile_zero(1);
  if (block.adds) {
    _tile_loadd(0, y0, block.y_stride);
    if (y1 != nullptr) _tile_loadd(1, y1, block.y_stride);
  }
  const int8_t *x = block.x, *weights = block.weights;
  for (int depth = 0; depth < block.depths; ++depth) {
    Steps::Step(block, x, weights, fetcher);
    x += Steps::kDepths * kTileDepth;
    weights += Steps::kDepths * kTileBytes;
  }
  _tile_stored(0, y0, block.y_stride);
  if (y1 != nullptr) _tile_stored(1, y1, block.y_stride);
}

// Those that follow return how many of the panels they multiplied with.

template <class Products>
VERDICT_TILES int MultiplyPlain(const Block& block, Fetcher& fetcher) {
  if (block.blocks == 2) {
    Multiply<TwoBlocks<Products>>(block, block.y, block.y + block.next_y, fetcher);
    return 1;
  }
  if (block.panels == 1) {
    Multiply<One<Products>>(block, block.y, nullptr, fetcher);
    return 1;
  }
  Multiply<TwoPanels<Products>>(block, block.y, block.y + kTileSize, fetcher);
  return 2;
}

VERDICT_TILES int MultiplySlices(const Block& block, Fetcher& fetcher) {
  int32_t* low = block.y + 2 * block.y_part;
  Multiply<HighSlices>(block, block.y, block.y + block.y_part, fetcher);
  Multiply<LowSlices>(block, low, low + block.y_part, fetcher);
  return 1;
}

VERDICT_TILES int MultiplyFirst(TileType type, const Block& block, Fetcher& fetcher) {
  if (type == TileType::kBf16) return MultiplyPlain<Bf16Products>(block, fetcher);
  if (type == TileType::kUint8) return MultiplyPlain<Uint8Products>(block, fetcher);
  return MultiplySlices(block, fetcher);
}

}  // namespace

// oneDNN finds AMX only where it got the operating system's leave for this process.
bool HasTiles() { return HasAmx(); }

VERDICT_TILES void MultiplyTiles(const TileProduct& product) {
  const bool slices = product.type == TileType::kInt24;
  const int bytes = TileBytes(product.type);
  const int blocks = Blocks(product.type, product.rows);
  const int rows = DivideUp(product.rows, blocks);
  const size_t x_stride = product.x_stride;
  const int row = product.in * bytes;
  const size_t y_stride = size_t{1} * product.panel_count * kTileSize;
  const size_t panel_size = TilePanelSize(bytes, product.in);
  // A step takes all slices of so many numbers.
  const int step = slices ? kInt24Slices * kTileDepth : kTileDepth;
  const int depths = row / step;
  const int together = slices || blocks == 1 ? 1 : 2;
  const int parts = DivideUp(row * together, kMaxDepthBytes);
  const size_t fetches_in_a_step = slices ? 8 : 1;
  Fetcher fetcher(product.to_fetch, fetches_in_a_step * blocks * depths * product.panel_count);
  _tile_loadconfig(&kShapes[rows]);
  for (int i = 0; i < blocks; i += together) {
    const int8_t* x = static_cast<const int8_t*>(product.x) + i * rows * x_stride;
    for (int part = 0; part < parts; ++part) {
      const int first = depths * part / parts;
      for (int panel = 0; panel < product.panel_count;) {
        panel += MultiplyFirst(
            product.type,
            {.x = x + first * step,
             .x_stride = x_stride,
             .next_x = rows * x_stride,
             .blocks = together,
             .weights = product.panels + panel * panel_size + size_t{1} * first * step * kTileSize,
             .next_panel = panel_size,
             .panels = product.panel_count - panel,
             .depths = depths * (part + 1) / parts - first,
             .y = static_cast<int32_t*>(product.y) + i * rows * y_stride + panel * kTileSize,
             .y_stride = y_stride * sizeof(int32_t),
             .next_y = rows * y_stride,
             .y_part = blocks * rows * y_stride,
             .adds = part > 0},
            fetcher);
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
