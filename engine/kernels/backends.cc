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

constexpr std::string_view kTiles = "tiles", kOneDnn = "onednn", kPanels = "panels";

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

bool IsKernelsName(std::string_view name) {
  return name == kAutoKernels || name == kTiles || name == kOneDnn || name == kPanels;
}

const BackendTable& AllBackends() {
  using enum Precision;
  static const BackendTable kTable = {{
      {kTiles, kF32, HasTiles, MakeTilesBackend},
      {kTiles, kBf16, HasTiles, MakeTilesBackend},
      {kTiles, kInt8, HasTiles, MakeTilesBackend},
      {kOneDnn, kBf16, OneDnnIsFast<kBf16>, MakeOneDnnBackend},
      {kOneDnn, kInt8, OneDnnIsFast<kInt8>, MakeOneDnnBackend},
      {kPanels, kF32, Always, MakePanelsBackend},
      {kPanels, kBf16, Always, MakePanelsBackend},
      {kPanels, kInt8, Always, MakePanelsBackend},
      {kOneDnn, kF32, OneDnnIsThere<kF32>, MakeOneDnnBackend},
      {kOneDnn, kBf16, OneDnnIsThere<kBf16>, MakeOneDnnBackend},
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
