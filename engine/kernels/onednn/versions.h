// Where oneDNN 2 (Debian 12) and 3 (Debian 13) differ.
#ifndef VERDICT_ENGINE_KERNELS_ONEDNN_VERSIONS_H_
#define VERDICT_ENGINE_KERNELS_ONEDNN_VERSIONS_H_

#include <string_view>

#include "dnnl.hpp"

namespace verdict {

inline dnnl::inner_product_forward::primitive_desc DescribeInnerProduct(
    const dnnl::engine& cpu, const dnnl::memory::desc& x, const dnnl::memory::desc& weights,
    const dnnl::memory::desc& y, const dnnl::primitive_attr& attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return {cpu, dnnl::prop_kind::forward_inference, x, weights, y, attributes};
#else
  return {{dnnl::prop_kind::forward_inference, x, weights, y}, attributes, cpu};
#endif
}

// Names of instruction sets that one of the versions alone knows; else "".
inline std::string_view NewIsaName([[maybe_unused]] dnnl::cpu_isa isa) {
#if DNNL_VERSION_MAJOR >= 3
  using dnnl::cpu_isa;
  if (isa == cpu_isa::avx2_vnni_2) return "avx2_vnni_2";
  if (isa == cpu_isa::avx512_core_fp16) return "avx512_core_fp16";
  if (isa == cpu_isa::avx512_core_amx_fp16) return "avx512_core_amx_fp16";
#endif
  return "";
}

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_ONEDNN_VERSIONS_H_
