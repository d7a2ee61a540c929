#include "engine/linear.h"

#include <algorithm>
#include <cstring>

#include "engine/panel_product.h"
#include "engine/product_input.h"
#include "engine/rounding.h"

namespace verdict {
namespace {

// The weights of a piece should stay in half of a 1 MB L2 cache, beside the rows that pass over
// them.
constexpr int kPieceElements = 96 * 1024;
// Float32 products over more inputs than this are added up in blocks, so that a block of rows and
// one of weights stay in L2 together.
constexpr int kMaxDepth = 1024;
// So many rows at most pass over the weights of a float32 piece.
constexpr int kMaxBlockRows = 96;
// With as many rows for each, the threads share the rows, and each passes over all weights.
constexpr int kPartRows = 128;
// The columns of a float32 piece: no more than the most, and where rows are few the least, as the
// smallest pieces are shared most evenly.
constexpr int kMinGroupColumns = 32;
constexpr int kMaxGroupColumns = 128;
constexpr int kFewRows = 40;
// Below this a panel is too narrow for oneDNN's kernels.
constexpr int kMinPanelColumns = 64;
// Narrow layers are filled up to whole vectors, so that few shapes serve all.
constexpr int kColumnMultiple = 16;
constexpr size_t kCacheLine = 64;

// The part of `memory` that is the `index`th of `count` equal ones, in cache lines.
ToFetch Share(const ToFetch& memory, int index, int count) {
  const size_t part = RoundUp(memory.size / count + 1, kCacheLine);
  const size_t begin = std::min(memory.size, part * index);
  return {static_cast<const std::byte*>(memory.begin) + begin, std::min(part, memory.size - begin)};
}

int OneDnnPanelColumns(int in, int out) {
  const int fitting = kPieceElements / in / kMinPanelColumns * kMinPanelColumns;
  return std::min(std::max(fitting, kMinPanelColumns), RoundUp(out, kColumnMultiple));
}

}  // namespace

void LinearScratch::Reserve(const InnerProduct* product) {
  for (auto& workspaces : by_worker_) {
    auto& workspace = workspaces[product];
    if (workspace == nullptr) workspace = product->MakeWorkspace();
  }
}

absl::StatusOr<Linear> Linear::Create(InnerProductCache& products, absl::Span<const float> weights,
                                      absl::Span<const float> bias) {
  Linear linear;
  linear.out_ = static_cast<int>(bias.size());
  linear.in_ = static_cast<int>(weights.size() / bias.size());
  linear.bias_ = AlignedBuffer(bias.size());
  std::copy(bias.begin(), bias.end(), linear.bias_.data());
  if (products.precision() == Precision::kF32) {
    linear.PackFloat32(weights);
  } else if (absl::Status status = linear.Pack(products, weights); !status.ok()) {
    return status;
  }
  return linear;
}

void Linear::PackFloat32(absl::Span<const float> weights) {
  panel_columns_ = PanelColumns();
  panels_ = DivideUp(out_, panel_columns_);
  panel_size_ = static_cast<size_t>(panel_columns_) * in_ * sizeof(float);
  packed_ = AlignedArray<std::byte>(panels_ * panel_size_);
  for (int panel = 0; panel < panels_; ++panel) {
    const int first = panel * panel_columns_;
    PackPanel(weights.data() + static_cast<size_t>(first) * in_, in_,
              std::min(panel_columns_, out_ - first),
              reinterpret_cast<float*>(packed_.data() + panel * panel_size_));
  }
}

absl::Status Linear::Pack(InnerProductCache& products, absl::Span<const float> weights) {
  const bool integers = products.precision() == Precision::kInt8;
  const int filled_in = ProductInput::RoundedColumns(products.precision(), in_);
  x_stride_ = filled_in * (integers ? sizeof(int8_t) : sizeof(Bf16));
  panel_columns_ = OneDnnPanelColumns(filled_in, out_);
  auto product = products.Get(filled_in, panel_columns_);
  if (!product.ok()) return product.status();
  product_ = *std::move(product);
  panels_ = DivideUp(out_, panel_columns_);
  panel_size_ = RoundUp(product_->packed_size(), kCacheLine);
  packed_ = AlignedArray<std::byte>(panels_ * panel_size_);
  if (integers) column_scales_.resize(out_);

  // One panel at a time, filled up with zeros on both sides.
  AlignedBuffer plain(static_cast<size_t>(panel_columns_) * filled_in);
  AlignedArray<int8_t> rounded(integers ? plain.size() : 0);
  for (int panel = 0; panel < panels_; ++panel) {
    std::fill_n(plain.data(), plain.size(), 0.0f);
    const int first = panel * panel_columns_;
    const int columns = std::min(panel_columns_, out_ - first);
    for (int column = 0; column < columns; ++column) {
      const auto row = weights.subspan(static_cast<size_t>(first + column) * in_, in_);
      std::copy(row.begin(), row.end(), plain.data() + static_cast<size_t>(column) * filled_in);
    }
    for (int column = 0; integers && column < panel_columns_; ++column) {
      const size_t begin = static_cast<size_t>(column) * filled_in;
      const float scale = QuantizeToInt8(plain.data() + begin, filled_in, rounded.data() + begin);
      if (column < columns) column_scales_[first + column] = scale;
    }
    panel_weights_.push_back(
        product_->Pack(integers ? static_cast<const void*>(rounded.data()) : plain.data(),
                       packed_.data() + panel * panel_size_));
  }
  return absl::OkStatus();
}

void Linear::Reserve(LinearScratch& scratch) const {
  if (product_ != nullptr) scratch.Reserve(product_.get());
}

void Linear::Run(const Call& call, Workers& workers, LinearScratch& scratch) const {
  if (product_ == nullptr) {
    RunFloat32(call, workers);
  } else {
    RunOneDnn(call, workers, scratch);
  }
}

Linear::Tiling Linear::Float32Tiling(int rows, int threads) const {
  Tiling tiling;
  tiling.parts = std::clamp(rows / kPartRows, 1, threads);
  tiling.blocks = DivideUp(DivideUp(rows, tiling.parts), kMaxBlockRows);
  int columns = rows <= kFewRows ? kMinGroupColumns : 2 * kMinGroupColumns;
  if (tiling.parts * tiling.blocks > 1) {
    const int fitting = kPieceElements / std::min(in_, kMaxDepth);
    columns = std::clamp(fitting / columns * columns, columns, kMaxGroupColumns);
  }
  tiling.group_panels = DivideUp(columns, panel_columns_);
  tiling.groups = DivideUp(panels_, tiling.group_panels);
  return tiling;
}

ToFetch Linear::Group(const Tiling& tiling, int group) const {
  const int first = group * tiling.group_panels;
  const int panels = std::min(tiling.group_panels, panels_ - first);
  return {packed_.data() + first * panel_size_, panels * panel_size_};
}

ToFetch Linear::NextWeights(const Tiling& tiling, const Piece& piece, const Call& call,
                            const Workers& workers) const {
  const int first_of_part = piece.part * tiling.groups;
  const int end_of_share =
      workers.FirstItem(piece.worker + 1, tiling.parts * tiling.groups) - first_of_part;
  if (piece.group + 1 < std::min(tiling.groups, end_of_share)) {
    return Group(tiling, piece.group + 1);
  }
  if (call.next == nullptr) return {};
  const Tiling next = call.next->Float32Tiling(call.rows, workers.threads());
  const int first_of_share = workers.FirstItem(piece.worker, next.parts * next.groups);
  return call.next->Group(next, first_of_share % next.groups);
}

void Linear::RunFloat32(const Call& call, Workers& workers) const {
  const Tiling tiling = Float32Tiling(call.rows, workers.threads());
  const int row_blocks = tiling.parts * tiling.blocks;
  // A thread's share is one part of the rows, group by group, and all blocks of its rows pass over
  // a group while it is in L2.
  workers.ParallelFor(tiling.groups * row_blocks, [&](int item, int worker) {
    const Piece piece = {.part = item / tiling.blocks / tiling.groups,
                         .group = item / tiling.blocks % tiling.groups,
                         .worker = worker};
    const int block = item % tiling.blocks;
    const int row_block = piece.part * tiling.blocks + block;
    const int first_row = call.rows * row_block / row_blocks;
    const int rows = call.rows * (row_block + 1) / row_blocks - first_row;
    RunFloat32Piece(call, tiling, piece.group, first_row, rows,
                    Share(NextWeights(tiling, piece, call, workers), block, tiling.blocks));
  });
}

void Linear::RunFloat32Piece(const Call& call, const Tiling& tiling, int group, int first_row,
                             int rows, const ToFetch& fetch) const {
  const int first_panel = group * tiling.group_panels;
  const int first_column = first_panel * panel_columns_;
  const int columns = std::min(tiling.group_panels * panel_columns_, out_ - first_column);
  const auto* x = static_cast<const float*>(call.x) + static_cast<size_t>(first_row) * in_;
  const auto* panels = reinterpret_cast<const float*>(packed_.data() + first_panel * panel_size_);
  float* y = call.y + first_row * call.y_stride + first_column;
  const int depths = DivideUp(in_, kMaxDepth);
  for (int depth = 0; depth < depths; ++depth) {
    const int first_in = in_ * depth / depths;
    MultiplyPanels({.x = x + first_in,
                    .x_stride = static_cast<size_t>(in_),
                    .rows = rows,
                    .in = in_ * (depth + 1) / depths - first_in,
                    .panels = panels + static_cast<size_t>(first_in) * panel_columns_,
                    .panel_stride = panel_size_ / sizeof(float),
                    .y = y,
                    .y_stride = call.y_stride,
                    .columns = columns,
                    .adds = depth > 0,
                    .to_fetch = Share(fetch, depth, depths)});
  }
  ApplyEpilogue(call.epilogue, {.product = y,
                                .product_stride = call.y_stride,
                                .bias = bias_.data() + first_column,
                                .y = y,
                                .y_stride = call.y_stride,
                                .rows = rows,
                                .columns = columns});
}

void Linear::RunOneDnn(const Call& call, Workers& workers, LinearScratch& scratch) const {
  // Panel by panel: the threads work on the same few panels at a time, which share the last-level
  // cache.
  const int row_pieces = DivideUp(call.rows, InnerProduct::kMaxRows);
  workers.ParallelFor(panels_ * row_pieces, [&](int piece, int worker) {
    RunOneDnnPiece(call, piece / row_pieces, piece % row_pieces * InnerProduct::kMaxRows,
                   scratch.of(worker, product_.get()));
  });
}

void Linear::RunOneDnnPiece(const Call& call, int panel, int first_row,
                            InnerProduct::Workspace& workspace) const {
  const int rows = std::min(call.rows - first_row, InnerProduct::kMaxRows);
  const int first_column = panel * panel_columns_;
  const void* product = product_->Run(product_->AdmittedRows(rows),
                                      static_cast<const std::byte*>(call.x) + first_row * x_stride_,
                                      *panel_weights_[panel], workspace);
  const size_t first = first_row * call.y_stride + first_column;
  const bool integers = call.x_scales != nullptr;
  ApplyEpilogue(call.epilogue,
                {.product = product,
                 .product_stride = static_cast<size_t>(panel_columns_),
                 .row_scales = integers ? call.x_scales + first_row : nullptr,
                 .column_scales = integers ? column_scales_.data() + first_column : nullptr,
                 .bias = bias_.data() + first_column,
                 .y = call.y == nullptr ? nullptr : call.y + first,
                 .y_bf16 = call.y_bf16 == nullptr ? nullptr : call.y_bf16 + first,
                 .y_stride = call.y_stride,
                 .rows = rows,
                 .columns = std::min(panel_columns_, out_ - first_column)});
}

}  // namespace verdict
