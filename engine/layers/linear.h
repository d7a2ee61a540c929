// A fully connected layer, cut into pieces that any thread can compute.
#ifndef VERDICT_ENGINE_LAYERS_LINEAR_H_
#define VERDICT_ENGINE_LAYERS_LINEAR_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/kernels/product.h"
#include "engine/layers/linear_scratch.h"
#include "engine/memory/aligned_buffer.h"
#include "engine/threads/workers.h"

namespace verdict {

// y = epilogue(x W^T + bias), W [out, in] as PyTorch keeps it. A backend (product.h) decides what
// the weights and the rows of x are rounded to, and how the product is computed.
//
// Immutable after Create. Default-constructed it is a place to move one to, and may not be run.
class Linear {
 public:
  Linear() = default;

  // `weights` is [out, in], `bias` [out]; both are copied. `backend` outlives the layer.
  //
  // As ProductBackend::Pack.
  static absl::StatusOr<Linear> Create(ProductBackend& backend, absl::Span<const float> weights,
                                       absl::Span<const float> bias);

  int in() const { return in_; }
  int out() const { return out_; }
  const PackedWeights& weights() const { return *weights_; }

  struct Call {
    RowsView x;  // [rows, in], as the backend keeps rows
    Results y;   // [rows, out]
    Epilogue epilogue = Epilogue::kBias;
    // The layer that will run next, if any, on as many rows: its first weights are fetched while
    // the last of these are computed with.
    const Linear* next = nullptr;
  };
  // `scratch` knows the backend.
  void Run(const Call& call, Workers& workers, LinearScratch& scratch) const;

 private:
  // What the thread that computes the piece will most likely compute with next: its share's next
  // group, or the first of its share of the next layer.
  ToFetch NextWeights(const Cut& cut, int index, int worker, const Call& call,
                      const Workers& workers) const;

  int in_ = 0;
  int out_ = 0;
  AlignedBuffer bias_;  // [out]
  const ProductBackend* backend_ = nullptr;
  std::unique_ptr<const PackedWeights> weights_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_LAYERS_LINEAR_H_
