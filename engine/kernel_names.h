// Whose kernels can be asked for by name.
#ifndef VERDICT_ENGINE_KERNEL_NAMES_H_
#define VERDICT_ENGINE_KERNEL_NAMES_H_

#include <algorithm>
#include <array>
#include <string_view>

namespace verdict {

inline constexpr std::string_view kOneDnnKernels = "onednn";
inline constexpr std::string_view kPanelsKernels = "panels";  // ours, in vectors
inline constexpr std::string_view kTilesKernels = "tiles";    // ours, in AMX's tiles
// The fastest of them that this CPU has.
inline constexpr std::string_view kAutoKernels = "auto";

inline bool IsKernelsName(std::string_view name) {
  constexpr std::array kNames = {kAutoKernels, kOneDnnKernels, kPanelsKernels, kTilesKernels};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNEL_NAMES_H_
