#include "engine/kernels/onednn/onednn_backend.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/kernels/onednn/onednn.h"
#include "engine/kernels/packed_panels.h"
#include "engine/memory/rounding.h"

namespace verdict {
namespace {

// The weights of a piece should stay in half of a 1 MB L2 cache, beside the rows that pass over
// them.
constexpr int kPieceElements = 96 * 1024;
// Below this a panel is too narrow for oneDNN's kernels.
constexpr int kMinPanelColumns = 64;
// Narrow layers are filled up to whole vectors, so that few shapes serve all.
constexpr int kColumnMultiple = 16;

static_assert(Rows::kMoreRows >= InnerProduct::kMaxRows);

int PanelColumnsOf(int in, int out) {
  const int fitting = kPieceElements / in / kMinPanelColumns * kMinPanelColumns;
  return std::min(std::max(fitting, kMinPanelColumns), RoundUp(out, kColumnMultiple));
}

RowFormat FormatOf(Precision precision) {
  switch (precision) {
    case Precision::kF32:
      return {};
    case Precision::kBf16:
      return Bf16Rows();
    case Precision::kInt8:
      return Int8Rows();
  }
  return {};
}

using Products = std::map<std::pair<int, int>, std::shared_ptr<const InnerProduct>>;

class OneDnnWorkspace : public Workspace {
 public:
  explicit OneDnnWorkspace(const Products& products) {
    for (const auto& [shape, product] : products) {
      by_product_[product.get()] = product->MakeWorkspace();
    }
  }

  InnerProduct::Workspace& of(const InnerProduct* product) {
    return *by_product_.find(product)->second;
  }

 private:
  std::map<const InnerProduct*, std::shared_ptr<InnerProduct::Workspace>> by_product_;
};

class OneDnnWeights : public PackedWeights {
 public:
  OneDnnWeights(std::shared_ptr<const InnerProduct> product, PackedPanels panels,
                std::vector<std::shared_ptr<const InnerProduct::Weights>> weights)
      : product_(std::move(product)), panels_(std::move(panels)), weights_(std::move(weights)) {}

  int panel_columns() const override { return panels_.columns; }

  // Panel by panel: the threads work on the same few panels at a time, which share the last-level
  // cache.
  Cut CutFor(int rows, int /*threads*/) const override {
    return {.rows = rows,
            .panels = panels_.count,
            .blocks = DivideUp(rows, InnerProduct::kMaxRows),
            .block_rows = InnerProduct::kMaxRows,
            .groups = panels_.count};
  }

  ToFetch Panels(int first, int count) const override { return panels_.Range(first, count); }

  // Of one panel, as CutFor cuts. Nothing is fetched: oneDNN's kernels have no place for it.
  void Multiply(const RowsView& x, const Piece& piece, const ToFetch& /*next*/,
                Workspace& workspace, EpilogueTile& tile) const override {
    panels_.SetScales(x, piece, tile);
    tile.product = product_->Run(product_->AdmittedRows(piece.rows), x.row(piece.first_row),
                                 *weights_[piece.first_panel],
                                 static_cast<OneDnnWorkspace&>(workspace).of(product_.get()));
    tile.product_stride = static_cast<size_t>(panels_.columns);
  }

 private:
  const std::shared_ptr<const InnerProduct> product_;  // panels_.in -> panels_.columns
  const PackedPanels panels_;
  const std::vector<std::shared_ptr<const InnerProduct::Weights>> weights_;  // [panels], in panels_
};

class OneDnnBackend : public ProductBackend {
 public:
  explicit OneDnnBackend(Precision precision) : precision_(precision), rows_(FormatOf(precision)) {}

  Precision precision() const override { return precision_; }
  std::string kernels() const override {
    std::set<std::string> kernels;
    for (const auto& [shape, product] : products_) {
      kernels.insert(absl::StrCat("onednn:", product->kernel()));
    }
    return absl::StrJoin(kernels, ",");
  }

  const RowFormat& rows() const override { return rows_; }
  const AttentionKernel& attention(int /*head_dim*/) const override { return FloatAttention(); }

  absl::StatusOr<std::unique_ptr<PackedWeights>> Pack(absl::Span<const float> weights, int in,
                                                      int out) override {
    const int filled_in = rows_.Filled(in);
    const int columns = PanelColumnsOf(filled_in, out);
    const auto product = ProductOf(filled_in, columns);
    if (!product.ok()) return product.status();
    PackedPanels panels = {.in = filled_in,
                           .out = out,
                           .columns = columns,
                           .size = RoundUp((*product)->packed_size(), kCacheLine),
                           .number_size = rows_.bytes};
    std::vector<std::shared_ptr<const InnerProduct::Weights>> packed_weights;
    PanelPacking packing = {.scaled = rows_.scaled};
    if (precision_ == Precision::kInt8) {  // bfloat16 is rounded by oneDNN
      packing.round = [](const float* column, int size, std::byte* rounded) {
        return QuantizeToInt8(column, size, reinterpret_cast<int8_t*>(rounded));
      };
    }
    packing.pack = [&](int, const void* rounded, std::byte* packed) {
      packed_weights.push_back((*product)->Pack(rounded, packed));
    };
    verdict::Pack(weights, in, packing, memory_, panels);
    return std::make_unique<OneDnnWeights>(*product, std::move(panels), std::move(packed_weights));
  }

  std::unique_ptr<Workspace> MakeWorkspace() const override {
    return std::make_unique<OneDnnWorkspace>(products_);
  }

 private:
  // One of each shape serves all layers.
  absl::StatusOr<std::shared_ptr<const InnerProduct>> ProductOf(int in, int out) {
    auto& product = products_[{in, out}];
    if (product == nullptr) {
      auto created = InnerProduct::Create(precision_, in, out);
      if (!created.ok()) {
        products_.erase({in, out});
        return created.status();
      }
      product = *std::move(created);
    }
    return product;
  }

  const Precision precision_;
  const RowFormat rows_;
  PackedMemory memory_;
  Products products_;
};

}  // namespace

std::unique_ptr<ProductBackend> MakeOneDnnBackend(Precision precision) {
  return std::make_unique<OneDnnBackend>(precision);
}

}  // namespace verdict
