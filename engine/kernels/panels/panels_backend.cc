#include "engine/kernels/panels/panels_backend.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/kernels/packed_panels.h"
#include "engine/kernels/panels/panel_packing.h"
#include "engine/kernels/panels/panel_product.h"
#include "engine/memory/rounding.h"

namespace verdict {
namespace {

// Products over longer rows are added up in parts, so that a block of rows and one of weights stay
// in L2 together.
constexpr int kMaxDepthBytes = 4096;

RowFormat FormatOf(Precision precision) {
  switch (precision) {
    case Precision::kF32:
      return {};
    case Precision::kBf16:
      return Int16Rows();
    case Precision::kInt8:
      return Uint8Rows();
  }
  return {};
}

class PanelsWeights : public PackedWeights {
 public:
  PanelsWeights(Precision precision, PackedPanels panels)
      : precision_(precision), panels_(std::move(panels)) {}

  int panel_columns() const override { return panels_.columns; }

  Cut CutFor(int rows, int threads) const override {
    return CutForFetching(panels_, rows, threads, /*part_bytes=*/0);
  }

  ToFetch Panels(int first, int count) const override { return panels_.Range(first, count); }

  void Multiply(const RowsView& x, const Piece& piece, const ToFetch& next,
                Workspace& /*workspace*/, EpilogueTile& tile) const override {
    const int depths = DivideUp(panels_.in, panels_.depth_max);
    for (int depth = 0; depth < depths; ++depth) {
      const int first_in = depth * panels_.depth_max;
      MultiplyPanels({.precision = precision_,
                      .x = x.row(piece.first_row) + size_t{1} * first_in * panels_.number_size,
                      .x_stride = x.stride / panels_.number_size,
                      .rows = piece.rows,
                      .in = std::min(panels_.depth_max, panels_.in - first_in),
                      .panels = panels_.panel(piece.first_panel) + PanelSize(precision_, first_in),
                      .panel_stride = static_cast<size_t>(panels_.in) * panels_.columns,
                      .y = tile.y.floats,
                      .y_stride = tile.y.stride,
                      .columns = tile.columns,
                      .adds = first_in > 0,
                      .to_fetch = Share(next, depth, depths)});
    }
    panels_.SetScales(x, piece, tile);
    tile.product = tile.y.floats;
    tile.product_stride = tile.y.stride;
  }

 private:
  const Precision precision_;
  const PackedPanels panels_;
};

class PanelsBackend : public ProductBackend {
 public:
  explicit PanelsBackend(Precision precision) : precision_(precision), rows_(FormatOf(precision)) {}

  Precision precision() const override { return precision_; }
  std::string kernels() const override { return absl::StrCat("panels:", HighwayTarget()); }
  const RowFormat& rows() const override { return rows_; }
  const AttentionKernel& attention(int /*head_dim*/) const override { return FloatAttention(); }

  absl::StatusOr<std::unique_ptr<PackedWeights>> Pack(absl::Span<const float> weights, int in,
                                                      int out) override {
    const int filled_in = rows_.Filled(in);
    PackedPanels panels = {.in = filled_in,
                           .out = out,
                           .columns = PanelColumns(),
                           .size = PanelSize(precision_, filled_in),
                           .depth_max = kMaxDepthBytes / rows_.bytes,
                           .number_size = rows_.bytes};
    PanelPacking packing = {.scaled = rows_.scaled, .sums = precision_ == Precision::kInt8};
    packing.pack = [&](int, const void* rounded, std::byte* packed) {
      PackPanel(precision_, rounded, filled_in, panels.columns, packed);
    };
    if (precision_ == Precision::kBf16) {
      packing.round = [](const float* column, int size, std::byte* rounded) {
        return QuantizeForPanel(column, size, reinterpret_cast<int16_t*>(rounded));
      };
    } else if (precision_ == Precision::kInt8) {
      packing.round = [](const float* column, int size, std::byte* rounded) {
        return QuantizeForPanel(column, size, reinterpret_cast<int8_t*>(rounded));
      };
    }
    verdict::Pack(weights, in, packing, memory_, panels);
    return std::make_unique<PanelsWeights>(precision_, std::move(panels));
  }

  std::unique_ptr<Workspace> MakeWorkspace() const override {
    return std::make_unique<Workspace>();
  }

 private:
  const Precision precision_;
  const RowFormat rows_;
  PackedMemory memory_;
};

}  // namespace

std::unique_ptr<ProductBackend> MakePanelsBackend(Precision precision) {
  return std::make_unique<PanelsBackend>(precision);
}

}  // namespace verdict
