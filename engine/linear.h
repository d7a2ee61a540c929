// A fully connected layer, cut into pieces that any thread can compute.
#ifndef VERDICT_ENGINE_LINEAR_H_
#define VERDICT_ENGINE_LINEAR_H_

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/aligned_buffer.h"
#include "engine/onednn.h"
#include "engine/row_kernels.h"
#include "engine/workers.h"

namespace verdict {

// The inner products of one model, one for each shape: layers of like shape share it.
class InnerProductCache {
 public:
  // INTERNAL: as InnerProduct::Create.
  absl::StatusOr<std::shared_ptr<const InnerProduct>> Get(int in, int out);

 private:
  std::map<std::pair<int, int>, std::shared_ptr<const InnerProduct>> products_;
};

// Memory that each of the workers needs to compute its pieces.
class LinearScratch {
 public:
  explicit LinearScratch(int workers) : by_worker_(workers) {}

  // At least `size` floats for `worker`. Grows at load, by Linear::Reserve; never during a pass.
  void Reserve(size_t size);
  float* of(int worker) { return by_worker_[worker].data(); }

 private:
  std::vector<AlignedBuffer> by_worker_;
};

// y = epilogue(x W^T + bias), W [out, in] as PyTorch keeps it.
//
// The weights are packed once, in panels of some columns that stay in the L2 cache while all rows
// pass over them. A piece of work is one panel times up to InnerProduct::kMaxRows rows: for few
// rows the threads share the columns, so that each streams its own part of the weights, and for
// many they share both.
//
// Immutable after Create. Default-constructed it is a place to move one to, and may not be run.
class Linear {
 public:
  Linear() = default;

  // `weights` is [out, in], `bias` [out]; both are copied.
  //
  // INTERNAL: as InnerProduct::Create.
  static absl::StatusOr<Linear> Create(InnerProductCache& products, absl::Span<const float> weights,
                                       absl::Span<const float> bias);

  int in() const { return in_; }
  int out() const { return out_; }

  // Makes room for this layer's pieces.
  void Reserve(LinearScratch& scratch) const;

  struct Call {
    // [rows, in], dense. The memory continues for InnerProduct::kMaxRows rows more: they are read,
    // and what they give is thrown away.
    const float* x = nullptr;
    int rows = 0;
    float* y = nullptr;  // [rows, out] at y_stride
    size_t y_stride = 0;
    Epilogue epilogue = Epilogue::kBias;
  };
  void Run(const Call& call, Workers& workers, LinearScratch& scratch) const;

 private:
  void RunPiece(const Call& call, int panel, int first_row, float* scratch) const;

  int in_ = 0;
  int out_ = 0;
  int panel_columns_ = 0;
  std::shared_ptr<const InnerProduct> product_;  // in_ -> panel_columns_
  std::vector<AlignedBuffer> panels_;            // packed; the last is filled up with zeros
  AlignedBuffer bias_;                           // [out]
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_LINEAR_H_
