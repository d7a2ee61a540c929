// The ways to compute a model's matrix products, and which of them this CPU has.
#ifndef VERDICT_ENGINE_KERNELS_BACKENDS_H_
#define VERDICT_ENGINE_KERNELS_BACKENDS_H_

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/kernel_names.h"
#include "engine/kernels/product.h"
#include "engine/precision.h"

namespace verdict {

struct Backend {
  std::string_view name;  // of kernel_names.h
  Precision precision = Precision::kF32;
  bool (*available)() = nullptr;  // on this CPU
  std::unique_ptr<ProductBackend> (*make)(Precision) = nullptr;
};

struct BackendTable {
  std::vector<Backend> rows;  // of each precision the fastest first

  // The first of that precision, and, unless it is kAutoKernels, of that name, that is available.
  //
  // FAILED_PRECONDITION: there is none; the message says which are.
  absl::StatusOr<Backend> Choose(Precision precision, std::string_view name) const;
};

// All that there are. One of ours stands before oneDNN's only where it is at least a tenth faster
// on texts of real lengths or on one short text (bench/RESULTS.md).
const BackendTable& AllBackends();

// For a model's head: a thousandth of the work, and what decides the label. So it is float32
// whatever the other layers are.
std::unique_ptr<ProductBackend> MakeHeadBackend();

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_BACKENDS_H_
