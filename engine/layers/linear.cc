#include "engine/layers/linear.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "engine/kernels/panels/panel_packing.h"
#include "engine/kernels/panels/panel_product.h"
#include "engine/kernels/tiles/tile_packing.h"
#include "engine/kernels/tiles/tile_product.h"
#include "engine/layers/product_input.h"
#include "engine/memory/rounding.h"

namespace verdict {
namespace {

// The weights of a piece of oneDNN's should stay in half of a 1 MB L2 cache, beside the rows that
// pass over them.
constexpr int kOneDnnPieceElements = 96 * 1024;
// As much of the weights of a piece of panels.
constexpr int kPieceBytes = 384 * 1024;
// Products of panels over longer rows are added up in parts, so that a block of rows and one of
// weights stay in L2 together.
constexpr int kMaxDepthBytes = 4096;
// So many rows at most pass over the weights of a piece of panels.
constexpr int kMaxBlockRows = 96;
// With as many rows for each, the threads share the rows, and each passes over all weights.
constexpr int kPartRows = 128;
// Tiles are fast enough to wait for rows from L3: so much of them at most stays in a 2 MB L2,
// beside the weights that pass by.
constexpr size_t kPartBytes = 1200 * 1024;
// The columns of such a piece: no more than the most, and where rows are few the least, as the
// smallest pieces are shared most evenly.
constexpr int kMinGroupColumns = 32;
constexpr int kMaxGroupColumns = 128;
constexpr int kFewRows = 40;
// Below this a panel is too narrow for oneDNN's kernels.
constexpr int kMinPanelColumns = 64;
// Narrow layers are filled up to whole vectors, so that few shapes serve all.
constexpr int kColumnMultiple = 16;

static_assert(kInt24Together == kTileDepth);

// The part of `memory` that is the `index`th of `count` equal ones, in cache lines.
ToFetch Share(const ToFetch& memory, int index, int count) {
  const size_t part = RoundUp(memory.size / count + 1, kCacheLine);
  const size_t begin = std::min(memory.size, part * index);
  return {static_cast<const std::byte*>(memory.begin) + begin, std::min(part, memory.size - begin)};
}

int OneDnnPanelColumns(int in, int out) {
  const int fitting = kOneDnnPieceElements / in / kMinPanelColumns * kMinPanelColumns;
  return std::min(std::max(fitting, kMinPanelColumns), RoundUp(out, kColumnMultiple));
}

}  // namespace

absl::StatusOr<Linear> Linear::Create(InnerProductCache& products, absl::Span<const float> weights,
                                      absl::Span<const float> bias) {
  Linear linear;
  linear.kind_ = products.kind();
  linear.out_ = static_cast<int>(bias.size());
  linear.in_ = static_cast<int>(weights.size() / bias.size());
  linear.filled_in_ = ProductInput::RoundedColumns(linear.kind_.input(), linear.in_);
  linear.bias_ = AlignedBuffer(bias.size());
  std::copy(bias.begin(), bias.end(), linear.bias_.data());
  switch (linear.kind_.kernels) {
    case Kernels::kPanels:
      linear.panel_columns_ = PanelColumns();
      linear.panel_size_ = PanelSize(linear.kind_.precision, linear.filled_in_);
      break;
    case Kernels::kTiles:
      linear.panel_columns_ = kTileSize;
      linear.panel_size_ = TilePanelSize(linear.NumberSize(), linear.filled_in_);
      break;
    case Kernels::kOneDnn: {
      linear.panel_columns_ = OneDnnPanelColumns(linear.filled_in_, linear.out_);
      auto product = products.Get(linear.filled_in_, linear.panel_columns_);
      if (!product.ok()) return product.status();
      linear.product_ = *std::move(product);
      linear.panel_size_ = RoundUp(linear.product_->packed_size(), kCacheLine);
      break;
    }
  }
  linear.Pack(weights, products.memory());
  return linear;
}

// One panel at a time, filled up with zeros on both sides.
void Linear::Pack(absl::Span<const float> weights, PackedMemory& memory) {
  const bool integers = HasScale(kind_.input());
  const bool rounds = integers || kind_.kernels == Kernels::kTiles;
  panels_ = DivideUp(out_, panel_columns_);
  packed_ = memory.Take(panels_ * panel_size_);
  if (integers) column_scales_.resize(out_);
  if (kind_.input() == InputType::kUint8) column_sums_.resize(out_);
  AlignedBuffer plain(static_cast<size_t>(panel_columns_) * filled_in_);
  AlignedArray<std::byte> rounded(rounds ? plain.size() * NumberSize() : 0);
  for (int panel = 0; panel < panels_; ++panel) {
    std::fill_n(plain.data(), plain.size(), 0.0f);
    const int first = panel * panel_columns_;
    const int columns = std::min(panel_columns_, out_ - first);
    for (int column = 0; column < columns; ++column) {
      const auto row = weights.subspan(static_cast<size_t>(first + column) * in_, in_);
      std::copy(row.begin(), row.end(), plain.data() + static_cast<size_t>(column) * filled_in_);
    }
    std::fill_n(rounded.data(), rounded.size(), std::byte{0});
    for (int column = 0; rounds && column < columns; ++column) {
      const size_t begin = static_cast<size_t>(column) * filled_in_;
      RoundColumn(first + column, plain.data() + begin, rounded.data() + begin * NumberSize());
    }
    PackOne(panel, rounds ? static_cast<const void*>(rounded.data()) : plain.data());
  }
}

// `weights` and `rounded` are [filled_in_].
void Linear::RoundColumn(int column, const float* weights, std::byte* rounded) {
  auto* bytes = reinterpret_cast<int8_t*>(rounded);
  float scale = 1;
  switch (kind_.input()) {
    case InputType::kF32:
      return;
    case InputType::kBf16:
      return RoundToBf16(weights, filled_in_, reinterpret_cast<Bf16*>(rounded));
    case InputType::kInt24:
      scale = QuantizeToInt24(weights, filled_in_, bytes);
      break;
    case InputType::kInt16:
      scale = QuantizeForPanel(weights, filled_in_, reinterpret_cast<int16_t*>(rounded));
      break;
    case InputType::kInt8:
    case InputType::kUint8:
      scale = kind_.kernels == Kernels::kPanels ? QuantizeForPanel(weights, filled_in_, bytes)
                                                : QuantizeToInt8(weights, filled_in_, bytes);
      break;
  }
  column_scales_[column] = scale;
  if (column_sums_.empty()) return;
  const int sum = std::accumulate(bytes, bytes + filled_in_, 0);
  column_sums_[column] = static_cast<float>(sum);  // exact: kMaxIn bytes make less than 2^24
}

// `weights` is [panel_columns_, filled_in_].
void Linear::PackOne(int panel, const void* weights) {
  std::byte* packed = packed_.get() + panel * panel_size_;
  switch (kind_.kernels) {
    case Kernels::kPanels:
      return PackPanel(kind_.precision, weights, filled_in_, panel_columns_, packed);
    case Kernels::kTiles:
      return PackTilePanel(NumberSize(), static_cast<const int8_t*>(weights), filled_in_,
                           panel_columns_, reinterpret_cast<int8_t*>(packed));
    case Kernels::kOneDnn:
      panel_weights_.push_back(product_->Pack(weights, packed));
      return;
  }
}

int Linear::NumberSize() const { return static_cast<int>(ElementSize(kind_.input())); }

void Linear::Reserve(LinearScratch& scratch) const {
  switch (kind_.kernels) {
    case Kernels::kPanels:
      return;
    case Kernels::kTiles:
      return scratch.Reserve(size_t{kMaxGroupColumns} * RoundUp(kMaxBlockRows, kTileSize) *
                             TileParts(kind_.input()));
    case Kernels::kOneDnn:
      return scratch.Reserve(product_.get());
  }
}

void Linear::Run(const Call& call, Workers& workers, LinearScratch& scratch) const {
  if (kind_.kernels == Kernels::kOneDnn) {
    RunOneDnn(call, workers, scratch);
  } else {
    RunPanels(call, workers, scratch);
  }
}

int Linear::MaxDepth() const { return kMaxDepthBytes / NumberSize(); }

Linear::Tiling Linear::PanelTiling(int rows, int threads) const {
  Tiling tiling;
  tiling.parts = std::clamp(rows / kPartRows, 1, threads);
  if (kind_.kernels == Kernels::kTiles && tiling.parts == threads) {
    const size_t bytes_of_a_thread = size_t{1} * rows * filled_in_ * NumberSize() / threads;
    tiling.parts *= static_cast<int>(DivideUp(bytes_of_a_thread, kPartBytes));
  }
  tiling.blocks = DivideUp(DivideUp(rows, tiling.parts), kMaxBlockRows);
  int columns = rows <= kFewRows ? kMinGroupColumns : 2 * kMinGroupColumns;
  if (tiling.parts * tiling.blocks > 1) {
    const size_t depth = std::min(filled_in_, MaxDepth());
    const int fitting = static_cast<int>(kPieceBytes / (depth * NumberSize()));
    columns = std::clamp(fitting / columns * columns, columns, kMaxGroupColumns);
  }
  tiling.group_panels = DivideUp(columns, panel_columns_);
  tiling.groups = DivideUp(panels_, tiling.group_panels);
  return tiling;
}

ToFetch Linear::Group(const Tiling& tiling, int group) const {
  const int first = group * tiling.group_panels;
  const int panels = std::min(tiling.group_panels, panels_ - first);
  return {packed_.get() + first * panel_size_, panels * panel_size_};
}

ToFetch Linear::NextWeights(const Tiling& tiling, const Piece& piece, const Call& call,
                            const Workers& workers) const {
  const int next_piece = piece.part * tiling.groups + piece.group + 1;
  if (next_piece < workers.FirstItem(piece.worker + 1, tiling.parts * tiling.groups)) {
    return Group(tiling, next_piece % tiling.groups);
  }
  if (call.next == nullptr) return {};
  const Tiling next = call.next->PanelTiling(call.rows, workers.threads());
  const int first_of_share = workers.FirstItem(piece.worker, next.parts * next.groups);
  return call.next->Group(next, first_of_share % next.groups);
}

void Linear::RunPanels(const Call& call, Workers& workers, LinearScratch& scratch) const {
  const Tiling tiling = PanelTiling(call.rows, workers.threads());
  const int row_blocks = tiling.parts * tiling.blocks;
  // A thread's share is one part of the rows, group by group, and all blocks of its rows pass over
  // a group while it is in L2.
  workers.ParallelFor(tiling.groups * row_blocks, [&](int item, int worker) {
    const Piece piece = {.part = item / tiling.blocks / tiling.groups,
                         .group = item / tiling.blocks % tiling.groups,
                         .worker = worker};
    const int block = item % tiling.blocks;
    const int row_block = piece.part * tiling.blocks + block;
    Rectangle rectangle;
    rectangle.first_row = call.rows * row_block / row_blocks;
    rectangle.rows = call.rows * (row_block + 1) / row_blocks - rectangle.first_row;
    rectangle.first_panel = piece.group * tiling.group_panels;
    rectangle.panels = std::min(tiling.group_panels, panels_ - rectangle.first_panel);
    const ToFetch fetch = Share(NextWeights(tiling, piece, call, workers), block, tiling.blocks);
    if (kind_.kernels == Kernels::kTiles) {
      RunTilePiece(call, rectangle, fetch, worker, scratch);
    } else {
      RunPanelPiece(call, rectangle, fetch, worker, scratch);
    }
  });
}

const std::byte* Linear::RowsOf(const Call& call, int first) const {
  return static_cast<const std::byte*>(call.x) + first * call.x_stride;
}

EpilogueTile Linear::Result(const Call& call, const Rectangle& piece) const {
  const int first_column = piece.first_panel * panel_columns_;
  const size_t first = piece.first_row * call.y_stride + first_column;
  const bool integers = call.x_quantizations != nullptr;
  return {.x = integers ? call.x_quantizations + piece.first_row : nullptr,
          .column_scales = integers ? column_scales_.data() + first_column : nullptr,
          .column_sums = column_sums_.empty() ? nullptr : column_sums_.data() + first_column,
          .bias = bias_.data() + first_column,
          .y = call.y == nullptr ? nullptr : call.y + first,
          .y_bf16 = call.y_bf16 == nullptr ? nullptr : call.y_bf16 + first,
          .y_stride = call.y_stride,
          .rows = piece.rows,
          .columns = std::min(piece.panels * panel_columns_, out_ - first_column)};
}

void Linear::RunTilePiece(const Call& call, const Rectangle& piece, const ToFetch& fetch,
                          int worker, LinearScratch& scratch) const {
  const std::byte* panels = packed_.get() + piece.first_panel * panel_size_;
  int32_t* sums = scratch.sums_of(worker);
  scratch.Product(worker, [&] {
    MultiplyTiles({.type = kind_.input(),
                   .x = RowsOf(call, piece.first_row),
                   .x_stride = call.x_stride,
                   .rows = piece.rows,
                   .in = filled_in_,
                   .panels = reinterpret_cast<const int8_t*>(panels),
                   .panel_count = piece.panels,
                   .y = sums,
                   .to_fetch = fetch});
  });
  EpilogueTile tile = Result(call, piece);
  tile.product = sums;
  tile.product_stride = static_cast<size_t>(piece.panels) * kTileSize;
  tile.parts = TileParts(kind_.input());
  tile.part_stride = TileRows(kind_.input(), piece.rows) * tile.product_stride;
  ApplyEpilogue(call.epilogue, tile);
}

void Linear::RunPanelPiece(const Call& call, const Rectangle& piece, const ToFetch& fetch,
                           int worker, LinearScratch& scratch) const {
  const std::byte* x = RowsOf(call, piece.first_row);
  const size_t x_size = NumberSize();
  const std::byte* panels = packed_.get() + piece.first_panel * panel_size_;
  EpilogueTile tile = Result(call, piece);
  const int max_depth = MaxDepth();
  const int depths = DivideUp(filled_in_, max_depth);
  scratch.Product(worker, [&] {
    for (int depth = 0; depth < depths; ++depth) {
      const int first_in = depth * max_depth;
      const int in = std::min(max_depth, filled_in_ - first_in);
      MultiplyPanels({.precision = kind_.precision,
                      .x = x + first_in * x_size,
                      .x_stride = call.x_stride / x_size,
                      .rows = tile.rows,
                      .in = in,
                      .panels = panels + PanelSize(kind_.precision, first_in),
                      .panel_stride = static_cast<size_t>(filled_in_) * panel_columns_,
                      .y = tile.y,
                      .y_stride = tile.y_stride,
                      .columns = tile.columns,
                      .adds = first_in > 0,
                      .to_fetch = Share(fetch, depth, depths)});
    }
  });
  tile.product = tile.y;
  tile.product_stride = tile.y_stride;
  ApplyEpilogue(call.epilogue, tile);
}

void Linear::RunOneDnn(const Call& call, Workers& workers, LinearScratch& scratch) const {
  // Panel by panel: the threads work on the same few panels at a time, which share the last-level
  // cache.
  const int row_pieces = DivideUp(call.rows, InnerProduct::kMaxRows);
  workers.ParallelFor(panels_ * row_pieces, [&](int piece, int worker) {
    RunOneDnnPiece(call, piece / row_pieces, piece % row_pieces * InnerProduct::kMaxRows, worker,
                   scratch);
  });
}

void Linear::RunOneDnnPiece(const Call& call, int panel, int first_row, int worker,
                            LinearScratch& scratch) const {
  const int rows = std::min(call.rows - first_row, InnerProduct::kMaxRows);
  EpilogueTile tile =
      Result(call, {.first_row = first_row, .rows = rows, .first_panel = panel, .panels = 1});
  tile.product = scratch.Product(worker, [&] {
    return product_->Run(product_->AdmittedRows(rows), RowsOf(call, first_row),
                         *panel_weights_[panel], scratch.of(worker, product_.get()));
  });
  tile.product_stride = static_cast<size_t>(panel_columns_);
  ApplyEpilogue(call.epilogue, tile);
}

}  // namespace verdict
