#include "engine/onednn.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "dnnl.hpp"

// oneDNN's Debian build runs on GNU OpenMP, whichever compiler builds us; clang's <omp.h> would
// bring another runtime. So the one function that we need is declared here and linked from libgomp.
extern "C" void omp_set_num_threads(int);

namespace verdict {
namespace {

using dnnl::memory;

constexpr auto kF32 = memory::data_type::f32;

// The numbers of rows that primitives are made for. Dense where texts are short; the last is
// kMaxRows.
constexpr std::array kCandidateRows = {1,  2,  3,  4,  5,  6,  7,  8,  10, 11, 12, 14, 16,
                                       18, 20, 22, 24, 28, 30, 32, 36, 40, 46, 48, 54, 64};
static_assert(kCandidateRows.back() == InnerProduct::kMaxRows);

dnnl::engine& Cpu() {
  static dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

// A stream has no state that threads could share, but making one costs an allocation.
dnnl::stream& Stream() {
  thread_local dnnl::stream stream(Cpu());
  return stream;
}

// A description of dense [rows, columns].
memory::desc Matrix(int rows, int columns, memory::format_tag tag = memory::format_tag::ab) {
  return {{rows, columns}, kF32, tag};
}

dnnl::inner_product_forward::primitive_desc Describe(int rows, int in, int out,
                                                     const memory::desc& weights) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
#if DNNL_VERSION_MAJOR >= 3
  return {
      Cpu(),     dnnl::prop_kind::forward_inference, Matrix(rows, in), weights, Matrix(rows, out),
      attributes};
#else
  return {{dnnl::prop_kind::forward_inference, Matrix(rows, in), weights, Matrix(rows, out)},
          attributes,
          Cpu()};
#endif
}

}  // namespace

void UseOneOneDnnThread() { omp_set_num_threads(1); }

std::string OneDnnIsa() {
  using dnnl::cpu_isa;
  switch (dnnl::get_effective_cpu_isa()) {
    case cpu_isa::sse41:
      return "sse41";
    case cpu_isa::avx:
      return "avx";
    case cpu_isa::avx2:
      return "avx2";
    case cpu_isa::avx2_vnni:
      return "avx2_vnni";
    case cpu_isa::avx512_core:
      return "avx512_core";
    case cpu_isa::avx512_core_vnni:
      return "avx512_core_vnni";
    case cpu_isa::avx512_core_bf16:
      return "avx512_core_bf16";
    case cpu_isa::avx512_core_amx:
      return "avx512_core_amx";
    default:
      return absl::StrFormat("onednn_isa_%#x", static_cast<int>(dnnl::get_effective_cpu_isa()));
  }
}

struct InnerProduct::Primitives {
  struct ForRows {
    dnnl::inner_product_forward::primitive_desc desc;
    dnnl::inner_product_forward primitive;
  };
  std::array<ForRows, kMaxRows + 1> by_rows;  // empty where the number of rows is no candidate
  memory::desc packed_weights;
  memory::desc scratchpad;
};

InnerProduct::InnerProduct(int in, int out)
    : in_(in), out_(out), primitives_(std::make_unique<Primitives>()) {}

InnerProduct::~InnerProduct() = default;

absl::StatusOr<std::shared_ptr<const InnerProduct>> InnerProduct::Create(int in, int out) {
  UseOneOneDnnThread();
  std::shared_ptr<InnerProduct> product(new InnerProduct(in, out));
  try {
    if (absl::Status status = product->MakePrimitives(); !status.ok()) return status;
    if (absl::Status status = product->AdmitStableRows(); !status.ok()) return status;
  } catch (const dnnl::error& error) {
    return absl::InternalError(absl::StrFormat("oneDNN cannot make the inner product %d -> %d: %s",
                                               in, out, error.what()));
  }
  return product;
}

absl::Status InnerProduct::MakePrimitives() {
  // The most rows choose the layout of the weights; all others must read the same.
  const auto any = Matrix(out_, in_, memory::format_tag::any);
  const auto largest = Describe(kMaxRows, in_, out_, any);
  primitives_->packed_weights = largest.weights_desc();
  kernel_ = largest.impl_info_str();
  if (absl::StrContains(kernel_, "ref")) {
    return absl::InternalError(absl::StrFormat(
        "oneDNN has only the reference kernel '%s' for the inner product %d -> %d on this CPU (%s)",
        kernel_, in_, out_, OneDnnIsa()));
  }
  for (int rows : kCandidateRows) {
    auto desc = Describe(rows, in_, out_, primitives_->packed_weights);
    scratchpad_size_ =
        std::max(scratchpad_size_, desc.scratchpad_desc().get_size() / sizeof(float));
    primitives_->by_rows[rows] = {desc, dnnl::inner_product_forward(desc)};
  }
  return absl::OkStatus();
}

absl::Status InnerProduct::AdmitStableRows() {
  // Random numbers of both signs: another order of adding gives other bits somewhere, almost
  // surely.
  std::minstd_rand random(1);
  std::normal_distribution<float> normal;
  const auto fill = [&](float* data, size_t size) {
    std::generate(data, data + size, [&] { return normal(random); });
  };
  std::vector<float> weights(static_cast<size_t>(out_) * in_);
  fill(weights.data(), weights.size());
  const AlignedBuffer packed = Pack(weights.data());
  AlignedBuffer scratchpad(scratchpad_size_);
  // Twice the rows, so that every window of kMaxRows puts a row in another place.
  AlignedBuffer x(size_t{2} * kMaxRows * in_), expected(size_t{2} * kMaxRows * out_);
  fill(x.data(), x.size());
  for (int first : {0, kMaxRows}) {
    Run(kMaxRows, x.data() + first * in_, packed, expected.data() + first * out_,
        scratchpad.data());
  }
  AlignedBuffer found(size_t{kMaxRows} * out_);
  const auto stable = [&](int rows) {
    for (int first : {0, 1, 3, 8, 13, 27, kMaxRows - 1}) {
      Run(rows, x.data() + first * in_, packed, found.data(), scratchpad.data());
      if (std::memcmp(found.data(), expected.data() + first * out_, sizeof(float) * rows * out_) !=
          0) {
        return false;
      }
    }
    return true;
  };
  admitted_rows_.assign(kMaxRows + 1, 0);
  int admitted = 0;
  for (auto rows = kCandidateRows.rbegin(); rows != kCandidateRows.rend(); ++rows) {
    if (stable(*rows)) {
      admitted = *rows;
      std::fill_n(admitted_rows_.begin(), admitted + 1, admitted);
    } else if (admitted == 0) {
      return absl::InternalError(absl::StrFormat(
          "oneDNN's kernel '%s' for the inner product %d -> %d gives a row other bits "
          "in other places; Verdict cannot promise equal replies to equal texts",
          kernel_, in_, out_));
    }
  }
  return absl::OkStatus();
}

AlignedBuffer InnerProduct::Pack(const float* weights) const {
  const memory::desc& packed_desc = primitives_->packed_weights;
  AlignedBuffer packed(packed_desc.get_size() / sizeof(float));
  memory plain(Matrix(out_, in_), Cpu(), const_cast<float*>(weights));
  memory target(packed_desc, Cpu(), packed.data());
  dnnl::reorder(plain, target).execute(Stream(), plain, target);
  return packed;
}

void InnerProduct::Run(int rows, const float* x, const AlignedBuffer& packed_weights, float* y,
                       float* scratchpad) const {
  const Primitives::ForRows& chosen = primitives_->by_rows[rows];
  const auto wrap = [](const memory::desc& desc, const float* data) {
    return memory(desc, Cpu(), const_cast<float*>(data));
  };
  chosen.primitive.execute(
      Stream(), {{DNNL_ARG_SRC, wrap(chosen.desc.src_desc(), x)},
                 {DNNL_ARG_WEIGHTS, wrap(primitives_->packed_weights, packed_weights.data())},
                 {DNNL_ARG_DST, wrap(chosen.desc.dst_desc(), y)},
                 {DNNL_ARG_SCRATCHPAD, wrap(chosen.desc.scratchpad_desc(), scratchpad)}});
}

}  // namespace verdict
