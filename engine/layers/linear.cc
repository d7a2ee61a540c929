#include "engine/layers/linear.h"

#include <algorithm>
#include <utility>

namespace verdict {

absl::StatusOr<Linear> Linear::Create(ProductBackend& backend, absl::Span<const float> weights,
                                      absl::Span<const float> bias) {
  Linear linear;
  linear.out_ = static_cast<int>(bias.size());
  linear.in_ = static_cast<int>(weights.size() / bias.size());
  linear.bias_ = AlignedBuffer(bias.size());
  std::copy(bias.begin(), bias.end(), linear.bias_.data());
  linear.backend_ = &backend;
  auto packed = backend.Pack(weights, linear.in_, linear.out_);
  if (!packed.ok()) return packed.status();
  linear.weights_ = *std::move(packed);
  return linear;
}

void Linear::Run(const Call& call, Workers& workers, LinearScratch& scratch) const {
  const Cut cut = weights_->CutFor(call.x.rows, workers.threads());
  workers.ParallelFor(cut.pieces(), [&](int index, int worker) {
    const Piece piece = cut.PieceOf(index);
    const int first_column = piece.first_panel * weights_->panel_columns();
    EpilogueTile tile = {
        .bias = bias_.data() + first_column,
        .y = call.y.At(piece.first_row, first_column),
        .rows = piece.rows,
        .columns = std::min(piece.panels * weights_->panel_columns(), out_ - first_column)};
    const ToFetch next = Share(NextWeights(cut, index / cut.blocks, worker, call, workers),
                               index % cut.blocks, cut.blocks);
    scratch.Product(worker, [&] {
      weights_->Multiply(call.x, piece, next, scratch.of(worker, backend_), tile);
    });
    ApplyEpilogue(call.epilogue, tile);
  });
}

// `index` counts the cut's parts and groups, not their blocks.
ToFetch Linear::NextWeights(const Cut& cut, int index, int worker, const Call& call,
                            const Workers& workers) const {
  const auto panels = [](const Linear& layer, const Piece& group) {
    return layer.weights_->Panels(group.first_panel, group.panels);
  };
  if (index + 1 < workers.FirstItem(worker + 1, cut.parts * cut.groups)) {
    return panels(*this, cut.Group((index + 1) % cut.groups));
  }
  if (call.next == nullptr) return {};
  const Cut next = call.next->weights_->CutFor(call.x.rows, workers.threads());
  const int first_of_share = workers.FirstItem(worker, next.parts * next.groups);
  return panels(*call.next, next.Group(first_of_share % next.groups));
}

}  // namespace verdict
