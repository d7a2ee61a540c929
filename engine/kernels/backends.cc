#include "engine/kernels/backends.h"

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "engine/kernels/onednn/onednn.h"
#include "engine/kernels/onednn/onednn_backend.h"
#include "engine/kernels/panels/panels_backend.h"
#include "engine/kernels/tiles/tile_product.h"
#include "engine/kernels/tiles/tiles_backend.h"

namespace verdict {
namespace {

template <Precision precision>
bool OneDnnIsFast() {
  return HasFastKernels(precision);
}

template <Precision precision>
bool OneDnnIsThere() {
  return HasKernels(precision);
}

bool Always() { return true; }

}  // namespace

const BackendTable& AllBackends() {
  using enum Precision;
  static const BackendTable kTable = {{
      {kTilesKernels, kF32, HasTiles, MakeTilesBackend},
      {kTilesKernels, kBf16, HasTiles, MakeTilesBackend},
      {kTilesKernels, kInt8, HasTiles, MakeTilesBackend},
      {kOneDnnKernels, kBf16, OneDnnIsFast<kBf16>, MakeOneDnnBackend},
      {kOneDnnKernels, kInt8, OneDnnIsFast<kInt8>, MakeOneDnnBackend},
      {kPanelsKernels, kF32, Always, MakePanelsBackend},
      {kPanelsKernels, kBf16, Always, MakePanelsBackend},
      {kPanelsKernels, kInt8, Always, MakePanelsBackend},
      {kOneDnnKernels, kF32, OneDnnIsThere<kF32>, MakeOneDnnBackend},
      {kOneDnnKernels, kBf16, OneDnnIsThere<kBf16>, MakeOneDnnBackend},
  }};
  return kTable;
}

absl::StatusOr<Backend> BackendTable::Choose(Precision precision, std::string_view name) const {
  std::vector<std::string> possible;
  for (const Backend& backend : rows) {
    if (backend.precision != precision || !backend.available()) continue;
    if (name == kAutoKernels || name == backend.name) return backend;
    if (std::find(possible.begin(), possible.end(), backend.name) == possible.end()) {
      possible.emplace_back(backend.name);
    }
  }
  return absl::FailedPreconditionError(
      absl::StrFormat("the kernels '%s' cannot compute %s on this CPU (%s); those that can are %s",
                      name, PrecisionName(precision), OneDnnIsa(), absl::StrJoin(possible, ", ")));
}

std::unique_ptr<ProductBackend> MakeHeadBackend() { return MakePanelsBackend(Precision::kF32); }

}  // namespace verdict
