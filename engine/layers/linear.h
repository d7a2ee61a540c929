// A fully connected layer, cut into pieces that any thread can compute.
#ifndef VERDICT_ENGINE_LAYERS_LINEAR_H_
#define VERDICT_ENGINE_LAYERS_LINEAR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/kernels/onednn/onednn.h"
#include "engine/kernels/panels/panel_product.h"
#include "engine/kernels/product_kind.h"
#include "engine/kernels/row_kernels.h"
#include "engine/layers/inner_product_cache.h"
#include "engine/layers/linear_scratch.h"
#include "engine/memory/aligned_buffer.h"
#include "engine/memory/packed_memory.h"
#include "engine/threads/workers.h"

namespace verdict {

// y = epilogue(x W^T + bias), W [out, in] as PyTorch keeps it.
//
// In bf16 the weights are rounded; where the kind computes with integers, each output's weights are
// divided by a scale of their own before.
//
// The weights are packed once, in panels of some columns. A piece of work is a group of panels
// times some rows, both few enough to stay in the L2 cache: for few rows the threads share the
// columns, so that each streams its own part of the weights, and for many they share the rows. The
// products are ours (panel_product.h, tile_product.h) or oneDNN's: see ProductKind.
//
// Immutable after Create. Default-constructed it is a place to move one to, and may not be run.
class Linear {
 public:
  Linear() = default;

  // `weights` is [out, in], `bias` [out]; both are copied. The kind of `products` is the layer's.
  //
  // INTERNAL: as InnerProduct::Create.
  static absl::StatusOr<Linear> Create(InnerProductCache& products, absl::Span<const float> weights,
                                       absl::Span<const float> bias);

  int in() const { return in_; }
  int out() const { return out_; }

  // Makes room for this layer's pieces.
  void Reserve(LinearScratch& scratch) const;

  struct Call {
    // [rows, in] of the kind's input type at x_stride bytes, as ProductInput keeps them. The memory
    // continues for InnerProduct::kMaxRows rows more: they are read, and what they give is thrown
    // away.
    const void* x = nullptr;
    size_t x_stride = 0;
    const Quantization* x_quantizations = nullptr;  // [rows], where that type has a scale
    int rows = 0;
    // [rows, out] at y_stride, in one of two types; the other is null. Bf16 is for layers that take
    // it too.
    float* y = nullptr;
    Bf16* y_bf16 = nullptr;
    size_t y_stride = 0;
    Epilogue epilogue = Epilogue::kBias;
    // The layer that will run next, if any: its first weights are fetched while the last of these
    // are computed with.
    const Linear* next = nullptr;
  };
  void Run(const Call& call, Workers& workers, LinearScratch& scratch) const;

 private:
  // How a product of panels, or of tiles, is cut: its rows into parts, one or some for each thread,
  // and those into blocks, its panels into groups. A block and a group are a piece of work.
  struct Tiling {
    int parts = 1;
    int blocks = 1;  // of a part
    int groups = 1;
    int group_panels = 1;
  };

  // What a piece of panels computes.
  struct Rectangle {
    int first_row = 0;
    int rows = 0;
    int first_panel = 0;
    int panels = 0;
  };

  // Whose piece it is.
  struct Piece {
    int part = 0;
    int group = 0;
    int worker = 0;
  };

  void Pack(absl::Span<const float> weights, PackedMemory& memory);
  void RoundColumn(int column, const float* weights, std::byte* rounded);
  // Bytes of a number of x, and of a weight where the kernels are ours.
  int NumberSize() const;
  void PackOne(int panel, const void* weights);
  void RunPanels(const Call& call, Workers& workers, LinearScratch& scratch) const;
  // Each computes one piece, on the worker's thread.
  void RunPanelPiece(const Call& call, const Rectangle& piece, const ToFetch& fetch, int worker,
                     LinearScratch& scratch) const;
  void RunTilePiece(const Call& call, const Rectangle& piece, const ToFetch& fetch, int worker,
                    LinearScratch& scratch) const;
  const std::byte* RowsOf(const Call& call, int first) const;
  // Where a piece's results go and what is done to them; but the product.
  EpilogueTile Result(const Call& call, const Rectangle& piece) const;
  void RunOneDnn(const Call& call, Workers& workers, LinearScratch& scratch) const;
  void RunOneDnnPiece(const Call& call, int panel, int first_row, int worker,
                      LinearScratch& scratch) const;

  // Elements of a row of x that are multiplied at once, at most, by panels.
  int MaxDepth() const;
  Tiling PanelTiling(int rows, int threads) const;
  ToFetch Group(const Tiling& tiling, int group) const;
  // What the piece's thread will most likely compute with next: its share's next group, or the
  // first of its share of the next layer.
  ToFetch NextWeights(const Tiling& tiling, const Piece& piece, const Call& call,
                      const Workers& workers) const;

  ProductKind kind_;
  int in_ = 0;
  int filled_in_ = 0;  // as ProductInput fills up rows
  int out_ = 0;
  AlignedBuffer bias_;                // [out]
  std::vector<float> column_scales_;  // [out]; of integers
  std::vector<float> column_sums_;    // [out]: of the rounded weights; where x has zero points
  int panel_columns_ = 0;
  int panels_ = 0;
  size_t panel_size_ = 0;              // bytes
  std::shared_ptr<std::byte> packed_;  // [panels]; the last is filled up with zeros

  // oneDNN's.
  std::shared_ptr<const InnerProduct> product_;  // filled_in_ -> panel_columns_
  std::vector<std::shared_ptr<const InnerProduct::Weights>> panel_weights_;  // [panels], in packed_
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_LAYERS_LINEAR_H_
