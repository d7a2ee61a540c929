// The interface of the kernels for y = x W^T. A backend rounds rows of x, packs weights W, and
// multiplies the two.
#ifndef VERDICT_ENGINE_KERNELS_PRODUCT_H_
#define VERDICT_ENGINE_KERNELS_PRODUCT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/kernels/attention/attention_kernel.h"
#include "engine/kernels/row_kernels.h"
#include "engine/kernels/rows.h"
#include "engine/memory/fetcher.h"
#include "engine/precision.h"

namespace verdict {

// What a thread computes at a time: some rows of y, for the columns of some panels.
struct Piece {
  int first_row = 0;
  int rows = 0;
  int first_panel = 0;
  int panels = 0;
};

// How a product is cut into pieces: its rows into parts, one or some for each thread, and those
// into blocks; its panels into groups. A block of rows times a group is a piece.
//
// Piece by piece, a thread goes through a part of the rows group by group, and all blocks of its
// rows pass over a group while that is in a near cache.
struct Cut {
  int rows = 0;
  int panels = 0;
  int parts = 1;
  int blocks = 1;      // of a part
  int block_rows = 0;  // 0: blocks of all parts have about as many; else so many, in one part
  int groups = 1;
  int group_panels = 1;

  int pieces() const { return groups * parts * blocks; }
  Piece PieceOf(int index) const;
  // Of the panels.
  Piece Group(int group) const;
};

// One thread's memory for the products of one backend. Each kind of backend has a kind of its own.
class Workspace {
 public:
  virtual ~Workspace() = default;
};

// The weights of one layer, rounded and packed in panels of some columns.
//
// Immutable: any thread may call any method.
class PackedWeights {
 public:
  virtual ~PackedWeights() = default;

  virtual int panel_columns() const = 0;

  // The pieces into which `threads` threads cut a product of so many rows.
  virtual Cut CutFor(int rows, int threads) const = 0;

  // Where some panels are.
  virtual ToFetch Panels(int first, int count) const = 0;

  // Computes a piece's products, and sets all of `tile` that ApplyEpilogue needs, except `bias`,
  // `rows` and `columns`, which the caller has set. The products are in `workspace` until its next
  // use, or where the results will be.
  //
  // `x` has the backend's format, and Rows::kMoreRows rows more that may be read; `next` is
  // fetched meanwhile. `workspace` is the calling thread's, made by the same backend after these
  // weights were packed.
  virtual void Multiply(const RowsView& x, const Piece& piece, const ToFetch& next,
                        Workspace& workspace, EpilogueTile& tile) const = 0;
};

// One way to compute the products of a model, in one precision, on one kind of CPU.
//
// Pack is called at load, by one thread at a time; all else by any thread. It outlives what it
// packs.
class ProductBackend {
 public:
  virtual ~ProductBackend() = default;

  virtual Precision precision() const = 0;

  // For GetModel, the log and the metrics: whose kernels, and which, e.g. "panels:AVX2",
  // "tiles:amx" or "onednn:brgemm:avx512_core_vnni". For oneDNN: those of the layers packed so far.
  virtual std::string kernels() const = 0;

  // How rows of x are kept.
  virtual const RowFormat& rows() const = 0;

  // The attention that is as exact as the products.
  virtual const AttentionKernel& attention(int head_dim) const = 0;

  // `weights` is [out, in], as PyTorch keeps them; they are read, not kept. `in` is at most kMaxIn.
  //
  // INTERNAL: oneDNN has no kernel for this shape that keeps a row's bits.
  virtual absl::StatusOr<std::unique_ptr<PackedWeights>> Pack(absl::Span<const float> weights,
                                                              int in, int out) = 0;

  // For the weights packed so far.
  virtual std::unique_ptr<Workspace> MakeWorkspace() const = 0;
};

// The most columns of x and W: with these, 32 bits hold the sum of any integers' products.
inline constexpr int kMaxIn = 43'690;

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_PRODUCT_H_
