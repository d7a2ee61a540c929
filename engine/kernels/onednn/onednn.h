// oneDNN's inner product, on one thread. A row gets the same bits whatever rows it is computed
// with. No other file sees the differences between oneDNN 2 and 3.
#ifndef VERDICT_ENGINE_KERNELS_ONEDNN_ONEDNN_H_
#define VERDICT_ENGINE_KERNELS_ONEDNN_ONEDNN_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/precision.h"

namespace verdict {

// The instruction set that oneDNN uses, e.g. "avx2" or "avx512_core_vnni".
std::string OneDnnIsa();

// Whether this CPU has AMX and oneDNN uses it, which it does only if the operating system lets this
// process.
bool HasAmx();

// Whether oneDNN has kernels for products in `precision` on this CPU whose results are right: in
// bf16 with AVX-512, in int8 with VNNI or AMX, since without them it saturates.
bool HasKernels(Precision precision);

// Whether oneDNN's kernels are also the fastest on this CPU, kernels on tiles aside. In bf16 that
// takes AVX512_BF16, but not Intel's, which has half the speed of float32. In float32 our panels
// are as fast, and faster on short texts.
bool HasFastKernels(Precision precision);

// y = x W^T in float32, all of them dense: x [rows, in], W [out, in], y [rows, out]. Nothing is
// packed before or kept after, so it is for products that are made once.
//
// INTERNAL: oneDNN cannot.
absl::Status MultiplyPlainly(int rows, int in, int out, const float* x, const float* weights,
                             float* y);

// y = x W^T for x [rows, in] and W [out, in], both dense: in float32, in bf16, where y is float32,
// or in int8, where y is int32 and exact.
//
// A kernel may add up a row's products in an order that depends on the number of rows. So Create
// computes the same data with every candidate number of rows, and admits those whose rows all equal
// the largest one's, bit for bit, at every place in it. Run takes admitted numbers only; callers
// round up (AdmittedRows) and ignore the rows too many.
//
// Immutable after Create: Run may be called from any thread, each with a workspace of its own.
class InnerProduct {
 public:
  // The most rows of one Run: enough to reach the machine's speed, few enough that y stays in L1.
  static constexpr int kMaxRows = 64;

  // INTERNAL: oneDNN has no fast kernel, or not even kMaxRows gives a row the same bits in every
  // place.
  static absl::StatusOr<std::shared_ptr<const InnerProduct>> Create(Precision precision, int in,
                                                                    int out);

  ~InnerProduct();

  // Weights [out, in] in the layout that Run reads fastest. Shared by all threads.
  class Weights;

  // Bytes of packed weights.
  size_t packed_size() const;

  // Writes `weights` [out, in] to `packed`, which is aligned to a cache line and outlives the
  // result. They are int8 where the precision is, and else float32, which is rounded to bf16 where
  // the precision is.
  std::shared_ptr<const Weights> Pack(const void* weights, std::byte* packed) const;

  // What one thread at a time needs for Run: it allocates nothing of ours then.
  class Workspace;
  std::shared_ptr<Workspace> MakeWorkspace() const;

  // The smallest number >= `rows` that Run takes; `rows` is 1 to kMaxRows.
  int AdmittedRows(int rows) const { return admitted_rows_[rows]; }

  // Computes y [rows, out] of x [rows, in], which is aligned to a cache line. `rows` is admitted.
  // The result is in the workspace until its next use.
  const void* Run(int rows, const void* x, const Weights& weights, Workspace& workspace) const;

  // oneDNN's name of the kernel, e.g. "brgemm:avx512_core".
  const std::string& kernel() const { return kernel_; }

 private:
  struct Primitives;
  InnerProduct(Precision precision, int in, int out);

  absl::Status MakePrimitives();
  absl::Status AdmitStableRows();

  const Precision precision_;
  const int in_;
  const int out_;
  std::unique_ptr<Primitives> primitives_;
  std::vector<int> admitted_rows_;  // [kMaxRows + 1]
  std::string kernel_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_ONEDNN_ONEDNN_H_
