#include "bench/roofline.h"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "engine/kernels/backends.h"
#include "engine/kernels/onednn/onednn.h"
#include "engine/kernels/panels/panel_packing.h"
#include "engine/kernels/panels/panel_product.h"
#include "engine/kernels/product_kind.h"
#include "engine/kernels/quantization.h"
#include "engine/kernels/tiles/tile_packing.h"
#include "engine/kernels/tiles/tile_product.h"
#include "engine/memory/aligned_buffer.h"
#include "engine/threads/workers.h"

namespace verdict {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRows = InnerProduct::kMaxRows;
constexpr int kIn = 768;
constexpr int kPanels = 2;  // ours, of a thread
constexpr int kOneDnnColumns = 128;

}  // namespace

// One thread's operands, zeros all: what is multiplied does not change how long it takes.
class HotProduct {
 public:
  virtual ~HotProduct() = default;
  virtual void Run() = 0;
  virtual int columns() const = 0;
};

namespace {

class HotPanels : public HotProduct {
 public:
  explicit HotPanels(Precision precision)
      : precision_(precision),
        panels_(kPanels * PanelSize(precision, kIn)),
        y_(kRows * columns()) {}

  int columns() const override { return kPanels * PanelColumns(); }

  void Run() override {
    MultiplyPanels({.precision = precision_,
                    .x = x_.data(),
                    .x_stride = kIn,
                    .rows = kRows,
                    .in = kIn,
                    .panels = panels_.data(),
                    .panel_stride = static_cast<size_t>(kIn) * PanelColumns(),
                    .y = y_.data(),
                    .y_stride = static_cast<size_t>(columns()),
                    .columns = columns(),
                    .to_fetch = {}});
  }

 private:
  const Precision precision_;
  const AlignedBuffer x_{kRows * kIn};
  const AlignedArray<std::byte> panels_;
  AlignedBuffer y_;
};

class HotTiles : public HotProduct {
 public:
  explicit HotTiles(InputType type)
      : type_(type),
        x_(kRows * kIn * ElementSize(type)),
        panels_(kTilePanels * TilePanelSize(static_cast<int>(ElementSize(type)), kIn)),
        y_(size_t{kRows} * columns() * TileParts(type)) {}

  int columns() const override { return kTilePanels * kTileSize; }

  void Run() override {
    MultiplyTiles({.type = type_,
                   .x = x_.data(),
                   .x_stride = kIn * ElementSize(type_),
                   .rows = kRows,
                   .in = kIn,
                   .panels = panels_.data(),
                   .panel_count = kTilePanels,
                   .y = y_.data(),
                   .to_fetch = {}});
  }

 private:
  static constexpr int kTilePanels = 4;
  const InputType type_;
  const AlignedArray<int8_t> x_;
  const AlignedArray<int8_t> panels_;
  AlignedArray<int32_t> y_;
};

class HotInnerProduct : public HotProduct {
 public:
  explicit HotInnerProduct(std::shared_ptr<const InnerProduct> product)
      : product_(std::move(product)),
        packed_(product_->packed_size()),
        weights_(product_->Pack(plain_.data(), packed_.data())),
        workspace_(product_->MakeWorkspace()) {}

  int columns() const override { return kOneDnnColumns; }

  void Run() override { product_->Run(kRows, x_.data(), *weights_, *workspace_); }

 private:
  const std::shared_ptr<const InnerProduct> product_;
  const AlignedBuffer x_{kRows * kIn};
  const AlignedBuffer plain_{kOneDnnColumns * kIn};
  AlignedArray<std::byte> packed_;
  const std::shared_ptr<const InnerProduct::Weights> weights_;
  const std::shared_ptr<InnerProduct::Workspace> workspace_;
};

std::unique_ptr<HotProduct> MakeHotProduct(const ProductKind& kind) {
  switch (kind.kernels) {
    case Kernels::kPanels:
      return std::make_unique<HotPanels>(kind.precision);
    case Kernels::kTiles:
      return std::make_unique<HotTiles>(kind.input());
    case Kernels::kOneDnn:
      break;
  }
  auto product = InnerProduct::Create(kind.precision, kIn, kOneDnnColumns);
  if (!product.ok()) {
    std::cerr << product.status() << "\n";
    std::exit(1);
  }
  return std::make_unique<HotInnerProduct>(*std::move(product));
}

}  // namespace

PassOperations NecessaryOperations(const ModelConfig& config, const Batch& batch) {
  const double dim = config.dim;
  // One row of one layer.
  const double key_value = 2 * 2 * dim * dim;
  const double others = 2 * 2 * dim * dim + 2 * 2 * dim * config.hidden_dim;
  PassOperations operations;
  for (int layer = 0; layer < config.n_layers; ++layer) {
    const bool first_tokens_only = layer + 1 == config.n_layers;
    for (int text = 0; text < batch.texts(); ++text) {
      const double tokens = batch.offsets[text + 1] - batch.offsets[text];
      const double rows = first_tokens_only ? 1 : tokens;
      operations.products += key_value * tokens + others * rows;
      operations.attention += 2 * 2 * dim * rows * tokens;
    }
  }
  operations.head = batch.texts() * 2 * dim * (dim + static_cast<double>(config.labels.size()));
  return operations;
}

HotMatrixPeak::HotMatrixPeak(Precision precision, int threads) : workers_(threads) {
  for (int thread = 0; thread < threads; ++thread) {
    products_.push_back(MakeHotProduct(FastestProducts(precision)));
  }
}

HotMatrixPeak::~HotMatrixPeak() = default;

double HotMatrixPeak::Measure() {
  std::vector<double> rates(products_.size());
  workers_.ParallelFor(static_cast<int>(products_.size()), [&](int item, int) {
    const auto start = Clock::now();
    auto elapsed = Clock::duration::zero();
    double operations = 0;
    for (; elapsed < kWindow; elapsed = Clock::now() - start) {
      products_[item]->Run();
      operations += 2.0 * kRows * kIn * products_[item]->columns();
    }
    rates[item] = operations / std::chrono::duration<double>(elapsed).count();
  });
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

}  // namespace verdict
