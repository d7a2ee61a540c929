// Whose kernels can be asked for by name.
#ifndef VERDICT_ENGINE_KERNEL_NAMES_H_
#define VERDICT_ENGINE_KERNEL_NAMES_H_

#include <array>
#include <string_view>

namespace verdict {

inline constexpr std::string_view kOneDnnKernels = "onednn";
inline constexpr std::string_view kPanelsKernels = "panels";  // ours, in vectors
inline constexpr std::string_view kTilesKernels = "tiles";    // ours, in AMX's tiles
// The fastest of them that this CPU has.
inline constexpr std::string_view kAutoKernels = "auto";

// All that can be asked for, kAutoKernels first.
inline constexpr std::array kAllKernelNames = {kAutoKernels, kOneDnnKernels, kPanelsKernels,
                                               kTilesKernels};

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNEL_NAMES_H_
