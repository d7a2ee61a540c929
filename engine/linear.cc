#include "engine/linear.h"

#include <algorithm>
#include <cstring>

#include "engine/panel_product.h"
#include "engine/product_input.h"

namespace verdict {
namespace {

// The weights of a piece should stay in half of a 1 MB L2 cache, beside the rows that pass over
// them.
constexpr int kPieceElements = 96 * 1024;
// The rows of a piece in float32.
constexpr int kFloat32RowElements = 48 * 1024;
// So few rows take as long to compute with as their weights take to arrive.
constexpr int kFewRows = 12;
// With more pieces to a panel, its arrival is a small part of the time, and fetching costs more
// than it saves.
constexpr int kFewPieces = 8;
// How far ahead, in bytes, weights are fetched for few rows.
constexpr size_t kNearFetch = 2048;
// Below this a panel is too narrow for oneDNN's kernels.
constexpr int kMinPanelColumns = 64;
// Narrow layers are filled up to whole vectors, so that few shapes serve all.
constexpr int kColumnMultiple = 16;
constexpr size_t kCacheLine = 64;

template <class T>
T RoundUp(T value, T multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

int DivideUp(int value, int divisor) { return (value + divisor - 1) / divisor; }

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

absl::StatusOr<std::shared_ptr<const InnerProduct>> InnerProductCache::Get(int in, int out) {
  auto& product = products_[{in, out}];
  if (product == nullptr) {
    auto created = InnerProduct::Create(precision_, in, out);
    if (!created.ok()) return created.status();
    product = *std::move(created);
  }
  return product;
}

std::set<std::string> InnerProductCache::kernels() const {
  std::set<std::string> kernels;
  for (const auto& [shape, product] : products_) {
    if (product != nullptr) kernels.insert(product->kernel());
  }
  return kernels;
}

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
  panel_columns_ = kPanelColumns;
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

ToFetch Linear::PanelsToFetch(int panel, int count, const Linear* next) const {
  if (panel < panels_) {
    return {packed_.data() + panel * panel_size_, std::min(count, panels_ - panel) * panel_size_};
  }
  if (next == nullptr) return {};
  return next->PanelsToFetch(panel - panels_, count, nullptr);
}

void Linear::RunFloat32(const Call& call, Workers& workers) const {
  // Rows and panels of a piece, so many that both stay in L2; but where rows are few, one panel,
  // which the threads share most evenly.
  const int most_rows = std::max(1, kFloat32RowElements / in_ / kFewRows) * kFewRows;
  const int row_pieces = DivideUp(call.rows, most_rows);
  const int most_panels =
      row_pieces == 1 ? 1 : std::max(1, kPieceElements / (panel_columns_ * in_));
  workers.ParallelFor(DivideUp(panels_, most_panels) * row_pieces, [&](int piece, int) {
    const int first_panel = piece / row_pieces * most_panels;
    const int end_panel = std::min(panels_, first_panel + most_panels);
    const int row_piece = piece % row_pieces;
    const int first_row = row_piece * most_rows;
    const int rows = std::min(most_rows, call.rows - first_row);
    // With many rows two panels at once.
    const int step = row_pieces == 1 ? 1 : 2;
    for (int panel = first_panel; panel < end_panel; panel += step) {
      ToFetch fetch;
      if (rows <= kFewRows && row_pieces == 1) {
        // No time to fetch the next panel meanwhile: only what is needed a little later.
        const size_t begin = std::min(panel * panel_size_ + kNearFetch, packed_.size());
        fetch = {packed_.data() + begin, std::min(panel_size_, packed_.size() - begin), true};
      } else if (row_pieces == 1) {
        // What this thread will most likely take next.
        fetch = PanelsToFetch(panel + workers.threads(), 1, call.next);
      } else if (row_pieces <= kFewPieces) {
        // Its share of what all will need next.
        fetch = Share(PanelsToFetch(panel + most_panels, step, call.next), row_piece, row_pieces);
      }
      RunFloat32Panels(call, first_row, rows, panel, std::min(panel + step, end_panel), fetch);
    }
  });
}

void Linear::RunFloat32Panels(const Call& call, int first_row, int rows, int first_panel,
                              int end_panel, const ToFetch& fetch) const {
  const int first_column = first_panel * panel_columns_;
  const int columns = std::min(end_panel * panel_columns_, out_) - first_column;
  float* y = call.y + first_row * call.y_stride + first_column;
  MultiplyPanels(
      {.x = static_cast<const float*>(call.x) + static_cast<size_t>(first_row) * in_,
       .rows = rows,
       .in = in_,
       .panels = reinterpret_cast<const float*>(packed_.data() + first_panel * panel_size_),
       .y = y,
       .y_stride = call.y_stride,
       .columns = columns,
       .to_fetch = fetch});
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
