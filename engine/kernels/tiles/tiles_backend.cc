#include "engine/kernels/tiles/tiles_backend.h"

#include <cstdint>
#include <utility>

#include "engine/kernels/packed_panels.h"
#include "engine/kernels/tiles/tile_packing.h"
#include "engine/kernels/tiles/tile_product.h"
#include "engine/memory/aligned_buffer.h"
#include "engine/memory/rounding.h"

namespace verdict {
namespace {

// Tiles are fast enough to wait for rows from L3: so much of them at most stays in a 2 MB L2,
// beside the weights that pass by.
constexpr size_t kPartBytes = 1200 * 1024;
// As panels', though tiles add up a whole row at once: it bounds a piece's columns.
constexpr int kMaxDepthBytes = 4096;

static_assert(kInt24Together == kTileDepth);
static_assert(Rows::kMoreRows >= kTileSize);

TileType TypeOf(Precision precision) {
  switch (precision) {
    case Precision::kF32:
      return TileType::kInt24;
    case Precision::kBf16:
      return TileType::kBf16;
    case Precision::kInt8:
      return TileType::kUint8;
  }
  return TileType::kUint8;
}

RowFormat FormatOf(TileType type) {
  RowFormat format = type == TileType::kInt24  ? Int24Rows()
                     : type == TileType::kBf16 ? Bf16Rows()
                                               : Uint8Rows();
  format.odd_lines = true;
  return format;
}

// Rounds a column's weights, and returns their scale.
float RoundColumn(TileType type, const float* column, int size, std::byte* rounded) {
  switch (type) {
    case TileType::kInt24:
      return QuantizeToInt24(column, size, reinterpret_cast<int8_t*>(rounded));
    case TileType::kBf16:
      RoundToBf16(column, size, reinterpret_cast<Bf16*>(rounded));
      return 1;
    case TileType::kUint8:
      return QuantizeToInt8(column, size, reinterpret_cast<int8_t*>(rounded));
  }
  return 1;
}

class TilesWorkspace : public Workspace {
 public:
  explicit TilesWorkspace(TileType type)
      : sums_(size_t{kMaxGroupColumns} * RoundUp(kMaxBlockRows, kTileSize) * TileParts(type)) {}

  int32_t* sums() { return sums_.data(); }

 private:
  AlignedArray<int32_t> sums_;
};

class TilesWeights : public PackedWeights {
 public:
  TilesWeights(TileType type, PackedPanels panels) : type_(type), panels_(std::move(panels)) {}

  int panel_columns() const override { return kTileSize; }

  Cut CutFor(int rows, int threads) const override {
    return CutForFetching(panels_, rows, threads, kPartBytes);
  }

  ToFetch Panels(int first, int count) const override { return panels_.Range(first, count); }

  void Multiply(const RowsView& x, const Piece& piece, const ToFetch& next, Workspace& workspace,
                EpilogueTile& tile) const override {
    int32_t* sums = static_cast<TilesWorkspace&>(workspace).sums();
    MultiplyTiles({.type = type_,
                   .x = x.row(piece.first_row),
                   .x_stride = x.stride,
                   .rows = piece.rows,
                   .in = panels_.in,
                   .panels = reinterpret_cast<const int8_t*>(panels_.panel(piece.first_panel)),
                   .panel_count = piece.panels,
                   .y = sums,
                   .to_fetch = next});
    panels_.SetScales(x, piece, tile);
    tile.product = sums;
    tile.product_stride = static_cast<size_t>(piece.panels) * kTileSize;
    tile.parts = TileParts(type_);
    tile.part_stride = TileRows(type_, piece.rows) * tile.product_stride;
  }

 private:
  const TileType type_;
  const PackedPanels panels_;
};

class TilesBackend : public ProductBackend {
 public:
  explicit TilesBackend(Precision precision)
      : precision_(precision), type_(TypeOf(precision)), rows_(FormatOf(type_)) {}

  Precision precision() const override { return precision_; }
  std::string kernels() const override { return "tiles:amx"; }
  const RowFormat& rows() const override { return rows_; }

  const AttentionKernel& attention(int head_dim) const override {
    return type_ == TileType::kInt24 ? FloatAttention() : TileAttentionOrFloat(head_dim);
  }

  absl::StatusOr<std::unique_ptr<PackedWeights>> Pack(absl::Span<const float> weights, int in,
                                                      int out) override {
    const int filled_in = rows_.Filled(in);
    PackedPanels panels = {.in = filled_in,
                           .out = out,
                           .columns = kTileSize,
                           .size = TilePanelSize(rows_.bytes, filled_in),
                           .depth_max = kMaxDepthBytes / rows_.bytes,
                           .number_size = rows_.bytes};
    PanelPacking packing = {.scaled = rows_.scaled, .sums = type_ == TileType::kUint8};
    packing.round = [&](const float* column, int size, std::byte* rounded) {
      return RoundColumn(type_, column, size, rounded);
    };
    packing.pack = [&](int, const void* rounded, std::byte* packed) {
      PackTilePanel(rows_.bytes, static_cast<const int8_t*>(rounded), filled_in, kTileSize,
                    reinterpret_cast<int8_t*>(packed));
    };
    verdict::Pack(weights, in, packing, memory_, panels);
    return std::make_unique<TilesWeights>(type_, std::move(panels));
  }

  std::unique_ptr<Workspace> MakeWorkspace() const override {
    return std::make_unique<TilesWorkspace>(type_);
  }

 private:
  const Precision precision_;
  const TileType type_;
  const RowFormat rows_;
  PackedMemory memory_;
};

}  // namespace

std::unique_ptr<ProductBackend> MakeTilesBackend(Precision precision) {
  return std::make_unique<TilesBackend>(precision);
}

}  // namespace verdict
