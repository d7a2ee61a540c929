#include "bench/roofline.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <vector>

#include "engine/aligned_buffer.h"
#include "engine/onednn.h"
#include "engine/panel_packing.h"
#include "engine/panel_product.h"
#include "engine/product_kind.h"
#include "engine/quantization.h"
#include "engine/tile_packing.h"
#include "engine/tile_product.h"
#include "engine/workers.h"

namespace verdict {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRows = InnerProduct::kMaxRows;
constexpr int kIn = 768;
constexpr int kPanels = 2;  // ours, of a thread
constexpr int kOneDnnColumns = 128;
// A window: long enough that starting the threads does not count, short enough to fall between two
// disturbances by neighbours.
constexpr auto kWindow = std::chrono::milliseconds(10);
constexpr int kWindows = 50;

// One thread's operands, zeros all: what is multiplied does not change how long it takes.
class HotProduct {
 public:
  virtual ~HotProduct() = default;
  virtual void Run() = 0;
  virtual int columns() const = 0;
};

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
  explicit HotInnerProduct(const InnerProduct& product)
      : product_(product),
        packed_(product.packed_size()),
        weights_(product.Pack(plain_.data(), packed_.data())),
        workspace_(product.MakeWorkspace()) {}

  int columns() const override { return kOneDnnColumns; }

  void Run() override { product_.Run(kRows, x_.data(), *weights_, *workspace_); }

 private:
  const InnerProduct& product_;
  const AlignedBuffer x_{kRows * kIn};
  const AlignedBuffer plain_{kOneDnnColumns * kIn};
  AlignedArray<std::byte> packed_;
  const std::shared_ptr<const InnerProduct::Weights> weights_;
  const std::shared_ptr<InnerProduct::Workspace> workspace_;
};

// Operations a second in one window.
double WindowRate(std::vector<std::unique_ptr<HotProduct>>& products, Workers& workers) {
  std::vector<double> rates(products.size());
  workers.ParallelFor(static_cast<int>(products.size()), [&](int item, int) {
    const auto start = Clock::now();
    auto elapsed = Clock::duration::zero();
    double operations = 0;
    for (; elapsed < kWindow; elapsed = Clock::now() - start) {
      products[item]->Run();
      operations += 2.0 * kRows * kIn * products[item]->columns();
    }
    rates[item] = operations / std::chrono::duration<double>(elapsed).count();
  });
  double sum = 0;
  for (double rate : rates) sum += rate;
  return sum;
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

double HotMatrixPeak(Precision precision, int threads) {
  const ProductKind kind = FastestProducts(precision);
  std::shared_ptr<const InnerProduct> inner_product;
  if (kind.kernels == Kernels::kOneDnn) {
    auto created = InnerProduct::Create(precision, kIn, kOneDnnColumns);
    if (!created.ok()) {
      std::cerr << created.status() << "\n";
      std::exit(1);
    }
    inner_product = *std::move(created);
  }
  std::vector<std::unique_ptr<HotProduct>> products;
  for (int thread = 0; thread < threads; ++thread) {
    switch (kind.kernels) {
      case Kernels::kPanels:
        products.push_back(std::make_unique<HotPanels>(precision));
        break;
      case Kernels::kTiles:
        products.push_back(std::make_unique<HotTiles>(kind.input()));
        break;
      case Kernels::kOneDnn:
        products.push_back(std::make_unique<HotInnerProduct>(*inner_product));
        break;
    }
  }
  Workers workers(threads);
  double peak = 0;
  for (int window = 0; window < kWindows; ++window) {
    peak = std::max(peak, WindowRate(products, workers));
  }
  return peak;
}

}  // namespace verdict
