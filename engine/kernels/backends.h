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

  // The first available row that has this precision and, unless `name` is kAutoKernels, this name.
  //
  // FAILED_PRECONDITION: there is none; the message names those that are available.
  absl::StatusOr<Backend> Choose(Precision precision, std::string_view name) const;
};

// Every backend. One of ours stands before oneDNN only where it is at least a tenth faster, on
// texts of real lengths or on one short text (bench/RESULTS.md).
const BackendTable& AllBackends();

// The backend of a model's head. It is float32 in every precision: the head decides the label, and
// is a thousandth of the work.
std::unique_ptr<ProductBackend> MakeHeadBackend();

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_BACKENDS_H_
