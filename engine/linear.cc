#include "engine/linear.h"

#include <algorithm>
#include <cstring>

#include "engine/product_input.h"

namespace verdict {
namespace {

// A panel of weights should stay in half of a 1 MB L2 cache, beside the rows that pass over it.
constexpr int kPanelElements = 96 * 1024;
// Below this a panel is too narrow for the kernels' registers.
constexpr int kMinPanelColumns = 64;
// Narrow layers are filled up to whole vectors, so that few shapes serve all.
constexpr int kColumnMultiple = 16;
constexpr size_t kCacheLine = 64;

template <class T>
T RoundUp(T value, T multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

int PanelColumns(int in, int out) {
  const int fitting = kPanelElements / in / kMinPanelColumns * kMinPanelColumns;
  return std::min(std::max(fitting, kMinPanelColumns), RoundUp(out, kColumnMultiple));
}

// Bytes from one row of x to the next.
size_t RowSize(Precision precision, int rounded_columns) {
  switch (precision) {
    case Precision::kF32:
      return rounded_columns * sizeof(float);
    case Precision::kBf16:
      return rounded_columns * sizeof(Bf16);
    case Precision::kInt8:
      return rounded_columns;
  }
  return 0;
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
  const Precision precision = products.precision();
  Linear linear;
  linear.out_ = static_cast<int>(bias.size());
  linear.in_ = static_cast<int>(weights.size() / bias.size());
  const int in = linear.in_;
  const int filled_in = ProductInput::RoundedColumns(precision, in);
  linear.x_stride_ = RowSize(precision, filled_in);
  linear.panel_columns_ = PanelColumns(filled_in, linear.out_);
  auto product = products.Get(filled_in, linear.panel_columns_);
  if (!product.ok()) return product.status();
  linear.product_ = *std::move(product);

  const int panels = (linear.out_ + linear.panel_columns_ - 1) / linear.panel_columns_;
  const size_t panel_size = RoundUp(linear.product_->packed_size(), kCacheLine);
  linear.packed_ = AlignedArray<std::byte>(panels * panel_size);
  linear.bias_ = AlignedBuffer(bias.size());
  std::copy(bias.begin(), bias.end(), linear.bias_.data());
  if (precision == Precision::kInt8) linear.column_scales_.resize(bias.size());

  // One panel at a time, filled up with zeros on both sides.
  AlignedBuffer panel(static_cast<size_t>(linear.panel_columns_) * filled_in);
  AlignedArray<int8_t> integers(precision == Precision::kInt8 ? panel.size() : 0);
  for (int i = 0; i < panels; ++i) {
    std::fill_n(panel.data(), panel.size(), 0.0f);
    const int first = i * linear.panel_columns_;
    const int columns = std::min(linear.panel_columns_, linear.out_ - first);
    for (int column = 0; column < columns; ++column) {
      const auto row = weights.subspan(static_cast<size_t>(first + column) * in, in);
      std::copy(row.begin(), row.end(), panel.data() + static_cast<size_t>(column) * filled_in);
    }
    const void* plain = panel.data();
    if (precision == Precision::kInt8) {
      for (int column = 0; column < linear.panel_columns_; ++column) {
        const size_t begin = static_cast<size_t>(column) * filled_in;
        const float scale =
            QuantizeToInt8(panel.data() + begin, filled_in, integers.data() + begin);
        if (column < columns) linear.column_scales_[first + column] = scale;
      }
      plain = integers.data();
    }
    linear.panels_.push_back(linear.product_->Pack(plain, linear.packed_.data() + i * panel_size));
  }
  return linear;
}

void Linear::Reserve(LinearScratch& scratch) const { scratch.Reserve(product_.get()); }

void Linear::Run(const Call& call, Workers& workers, LinearScratch& scratch) const {
  // Panel by panel: the threads work on the same few panels at a time, which share the last-level
  // cache.
  const int row_pieces = (call.rows + InnerProduct::kMaxRows - 1) / InnerProduct::kMaxRows;
  const int pieces = static_cast<int>(panels_.size()) * row_pieces;
  workers.ParallelFor(pieces, [&](int piece, int worker) {
    RunPiece(call, piece / row_pieces, piece % row_pieces * InnerProduct::kMaxRows,
             scratch.of(worker, product_.get()));
  });
}

void Linear::RunPiece(const Call& call, int panel, int first_row,
                      InnerProduct::Workspace& workspace) const {
  const int rows = std::min(call.rows - first_row, InnerProduct::kMaxRows);
  const int first_column = panel * panel_columns_;
  const void* product = product_->Run(product_->AdmittedRows(rows),
                                      static_cast<const std::byte*>(call.x) + first_row * x_stride_,
                                      *panels_[panel], workspace);
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
