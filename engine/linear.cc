#include "engine/linear.h"

#include <algorithm>
#include <cstring>

namespace verdict {
namespace {

// A panel of weights should stay in half of a 1 MB L2 cache, beside the rows that pass over it.
constexpr int kPanelFloats = 96 * 1024;
// Below this a panel is too narrow for the kernels' registers.
constexpr int kMinPanelColumns = 64;
// Narrow layers are filled up to whole vectors, so that few shapes serve all.
constexpr int kColumnMultiple = 16;

int RoundUp(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

int PanelColumns(int in, int out) {
  const int fitting = kPanelFloats / in / kMinPanelColumns * kMinPanelColumns;
  return std::min(std::max(fitting, kMinPanelColumns), RoundUp(out, kColumnMultiple));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const InnerProduct>> InnerProductCache::Get(int in, int out) {
  auto& product = products_[{in, out}];
  if (product == nullptr) {
    auto created = InnerProduct::Create(in, out);
    if (!created.ok()) return created.status();
    product = *std::move(created);
  }
  return product;
}

void LinearScratch::Reserve(size_t size) {
  for (AlignedBuffer& buffer : by_worker_) {
    if (buffer.size() < size) buffer = AlignedBuffer(size);
  }
}

absl::StatusOr<Linear> Linear::Create(InnerProductCache& products, absl::Span<const float> weights,
                                      absl::Span<const float> bias) {
  Linear linear;
  linear.out_ = static_cast<int>(bias.size());
  linear.in_ = static_cast<int>(weights.size() / bias.size());
  linear.panel_columns_ = PanelColumns(linear.in_, linear.out_);
  auto product = products.Get(linear.in_, linear.panel_columns_);
  if (!product.ok()) return product.status();
  linear.product_ = *std::move(product);

  const size_t panel_size = static_cast<size_t>(linear.panel_columns_) * linear.in_;
  AlignedBuffer last(panel_size);
  for (size_t begin = 0; begin < weights.size(); begin += panel_size) {
    const float* panel = weights.data() + begin;
    if (begin + panel_size > weights.size()) {
      std::copy(panel, weights.data() + weights.size(), last.data());
      panel = last.data();
    }
    linear.panels_.push_back(linear.product_->Pack(panel));
  }
  linear.bias_ = AlignedBuffer(bias.size());
  std::copy(bias.begin(), bias.end(), linear.bias_.data());
  return linear;
}

void Linear::Reserve(LinearScratch& scratch) const {
  scratch.Reserve(InnerProduct::kMaxRows * static_cast<size_t>(panel_columns_) +
                  product_->scratchpad_size());
}

void Linear::Run(const Call& call, Workers& workers, LinearScratch& scratch) const {
  // Panel by panel: the threads work on the same few panels at a time, which share the last-level
  // cache.
  const int row_pieces = (call.rows + InnerProduct::kMaxRows - 1) / InnerProduct::kMaxRows;
  const int pieces = static_cast<int>(panels_.size()) * row_pieces;
  workers.ParallelFor(pieces, [&](int piece, int worker) {
    RunPiece(call, piece / row_pieces, piece % row_pieces * InnerProduct::kMaxRows,
             scratch.of(worker));
  });
}

void Linear::RunPiece(const Call& call, int panel, int first_row, float* scratch) const {
  const int rows = std::min(call.rows - first_row, InnerProduct::kMaxRows);
  const int first_column = panel * panel_columns_;
  float* product = scratch;
  float* scratchpad = scratch + InnerProduct::kMaxRows * static_cast<size_t>(panel_columns_);
  product_->Run(product_->AdmittedRows(rows), call.x + static_cast<size_t>(first_row) * in_,
                panels_[panel], product, scratchpad);
  ApplyEpilogue(call.epilogue, {.product = product,
                                .product_stride = static_cast<size_t>(panel_columns_),
                                .bias = bias_.data() + first_column,
                                .y = call.y + first_row * call.y_stride + first_column,
                                .y_stride = call.y_stride,
                                .rows = rows,
                                .columns = std::min(panel_columns_, out_ - first_column)});
}

}  // namespace verdict
