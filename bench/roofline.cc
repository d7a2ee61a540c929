#include "bench/roofline.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "engine/kernels/backends.h"
#include "engine/kernels/product.h"
#include "engine/threads/workers.h"

namespace verdict {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRows = 64;
constexpr int kIn = 768;
constexpr int kColumns = 128;

}  // namespace

// One thread's operands, zeros all: what is multiplied does not change how long it takes. The rows
// pass over as many columns as stay in a near cache.
class HotProduct {
 public:
  explicit HotProduct(ProductBackend& backend)
      : x_(backend.rows(), kRows, kIn),
        weights_(PackZeros(backend)),
        cut_(weights_->CutFor(kRows, /*threads=*/1)),
        workspace_(backend.MakeWorkspace()),
        y_(RowFormat(), kRows, kColumns) {}

  void Run() {
    for (int i = 0; i < cut_.pieces(); ++i) {
      const Piece piece = cut_.PieceOf(i);
      const int first_column = piece.first_panel * weights_->panel_columns();
      EpilogueTile tile = {
          .y = y_.AsResults().At(piece.first_row, first_column),
          .rows = piece.rows,
          .columns = std::min(piece.panels * weights_->panel_columns(), kColumns - first_column)};
      weights_->Multiply(x_.Rounded(kRows), piece, /*next=*/{}, *workspace_, tile);
    }
  }

 private:
  static std::unique_ptr<PackedWeights> PackZeros(ProductBackend& backend) {
    auto packed = backend.Pack(std::vector<float>(kIn * kColumns), kIn, kColumns);
    if (packed.ok()) return *std::move(packed);
    std::cerr << packed.status() << "\n";
    std::exit(1);
  }

  Rows x_;
  const std::unique_ptr<PackedWeights> weights_;
  const Cut cut_;
  const std::unique_ptr<Workspace> workspace_;
  Rows y_;
};

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

HotMatrixPeak::HotMatrixPeak(Precision precision, std::string_view kernels, int threads)
    : workers_(threads) {
  const auto backend = AllBackends().Choose(precision, kernels);
  if (!backend.ok()) {
    std::cerr << backend.status() << "\n";
    std::exit(1);
  }
  backend_ = backend->make(precision);
  for (int thread = 0; thread < threads; ++thread) {
    products_.push_back(std::make_unique<HotProduct>(*backend_));
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
      operations += 2.0 * kRows * kIn * kColumns;
    }
    rates[item] = operations / std::chrono::duration<double>(elapsed).count();
  });
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

}  // namespace verdict
