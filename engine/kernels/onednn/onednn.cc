#include "engine/kernels/onednn/onednn.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "dnnl.hpp"
#include "engine/kernels/onednn/versions.h"
#include "engine/memory/aligned_buffer.h"

// oneDNN's Debian build runs on GNU OpenMP, whichever compiler builds us; clang's <omp.h> would
// bring another runtime. So the one function that we need is declared here and linked from libgomp.
extern "C" void omp_set_num_threads(int);

namespace verdict {
namespace {

using dnnl::memory;

using DataType = memory::data_type;

// The types of one product.
struct ProductTypes {
  DataType operand;  // x and W
  DataType result;
};

ProductTypes TypesOf(Precision precision) {
  switch (precision) {
    case Precision::kF32:
      return {DataType::f32, DataType::f32};
    case Precision::kBf16:
      return {DataType::bf16, DataType::f32};
    case Precision::kInt8:
      return {DataType::s8, DataType::s32};
  }
  return {DataType::undef, DataType::undef};  // oneDNN refuses it
}

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
memory::desc Matrix(DataType type, int rows, int columns,
                    memory::format_tag tag = memory::format_tag::ab) {
  return {{rows, columns}, type, tag};
}

dnnl::inner_product_forward::primitive_desc Describe(Precision precision, int rows, int in, int out,
                                                     const memory::desc& weights) {
  const ProductTypes types = TypesOf(precision);
  const memory::desc x = Matrix(types.operand, rows, in);
  const memory::desc y = Matrix(types.result, rows, out);
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return DescribeInnerProduct(Cpu(), x, weights, y, attributes);
}

// Copies a matrix into another layout or type.
void Reorder(const memory::desc& from, const void* source, const memory::desc& to, void* target) {
  memory plain(from, Cpu(), const_cast<void*>(source));
  memory packed(to, Cpu(), target);
  dnnl::reorder(plain, packed).execute(Stream(), plain, packed);
}

// Makes oneDNN compute in the calling thread alone. Our threads split the work themselves: oneDNN's
// own splitting changes a row's bits with the number of rows. The number is the thread's own, and
// setting it takes some ns; so whoever calls oneDNN sets it, and no thread need be told when it
// starts.
void UseOneOneDnnThread() { omp_set_num_threads(1); }

// Whether oneDNN uses all of the instructions that `isa` stands for.
bool Includes(dnnl::cpu_isa isa) {
  const auto wanted = static_cast<unsigned>(isa);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & wanted) == wanted;
}

}  // namespace

std::string OneDnnIsa() {
  using dnnl::cpu_isa;
  const cpu_isa isa = dnnl::get_effective_cpu_isa();
  switch (isa) {
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
      break;
  }
  if (const std::string_view name = NewIsaName(isa); !name.empty()) return std::string(name);
  return absl::StrFormat("onednn_isa_%#x", static_cast<int>(isa));
}

bool HasAmx() { return Includes(dnnl::cpu_isa::avx512_core_amx); }

bool HasKernels(Precision precision) {
  using dnnl::cpu_isa;
  switch (precision) {
    case Precision::kF32:
      return true;
    case Precision::kBf16:
      return Includes(cpu_isa::avx512_core);
    case Precision::kInt8:
      return Includes(cpu_isa::avx512_core_vnni) || Includes(cpu_isa::avx2_vnni);
  }
  return false;
}

bool HasFastKernels(Precision precision) {
  using dnnl::cpu_isa;
  switch (precision) {
    case Precision::kF32:
      return false;
    case Precision::kBf16:
      return HasAmx() || (Includes(cpu_isa::avx512_core_bf16) && !__builtin_cpu_is("intel"));
    case Precision::kInt8:
      return HasKernels(precision);
  }
  return false;
}

absl::Status MultiplyPlainly(int rows, int in, int out, const float* x, const float* weights,
                             float* y) {
  UseOneOneDnnThread();
  try {
    const auto matrix = [](const float* data, int height, int width) {
      return memory(Matrix(DataType::f32, height, width), Cpu(), const_cast<float*>(data));
    };
    const dnnl::inner_product_forward::primitive_desc desc =
        DescribeInnerProduct(Cpu(), Matrix(DataType::f32, rows, in), Matrix(DataType::f32, out, in),
                             Matrix(DataType::f32, rows, out), dnnl::primitive_attr());
    dnnl::inner_product_forward(desc).execute(Stream(),
                                              {{DNNL_ARG_SRC, matrix(x, rows, in)},
                                               {DNNL_ARG_WEIGHTS, matrix(weights, out, in)},
                                               {DNNL_ARG_DST, matrix(y, rows, out)}});
    Stream().wait();
  } catch (const dnnl::error& error) {
    return absl::InternalError(absl::StrFormat("oneDNN cannot multiply %d x %d x %d in float32: %s",
                                               rows, in, out, error.what()));
  }
  return absl::OkStatus();
}

struct InnerProduct::Primitives {
  struct ForRows {
    dnnl::inner_product_forward::primitive_desc desc;
    dnnl::inner_product_forward primitive;
  };
  std::array<ForRows, kMaxRows + 1> by_rows;  // empty where the number of rows is no candidate
  memory::desc packed_weights;
};

class InnerProduct::Weights {
 public:
  explicit Weights(memory memory) : memory_(std::move(memory)) {}
  dnnl_memory_t get() const { return memory_.get(); }

 private:
  memory memory_;
};

// oneDNN's handles are made once: making them takes longer than a small product.
class InnerProduct::Workspace {
 public:
  Workspace(const Primitives& primitives, int out) : y_(size_t{kMaxRows} * out) {
    size_t scratchpad_size = 0;
    for (int rows : kCandidateRows) {
      scratchpad_size =
          std::max(scratchpad_size, primitives.by_rows[rows].desc.scratchpad_desc().get_size());
    }
    scratchpad_ = AlignedArray<std::byte>(scratchpad_size);
    for (int rows : kCandidateRows) {
      const auto& desc = primitives.by_rows[rows].desc;
      by_rows_[rows] = {.x = memory(desc.src_desc(), Cpu(), DNNL_MEMORY_NONE),
                        .y = memory(desc.dst_desc(), Cpu(), y_.data()),
                        .scratchpad = memory(desc.scratchpad_desc(), Cpu(), scratchpad_.data())};
    }
  }

  struct ForRows {
    memory x;
    memory y;
    memory scratchpad;
  };
  ForRows& of(int rows) { return by_rows_[rows]; }
  const void* y() const { return y_.data(); }

 private:
  AlignedBuffer y_;  // sums are 4 bytes in every precision
  AlignedArray<std::byte> scratchpad_;
  std::array<ForRows, kMaxRows + 1> by_rows_;
};

InnerProduct::InnerProduct(Precision precision, int in, int out)
    : precision_(precision), in_(in), out_(out), primitives_(std::make_unique<Primitives>()) {}

InnerProduct::~InnerProduct() = default;

absl::StatusOr<std::shared_ptr<const InnerProduct>> InnerProduct::Create(Precision precision,
                                                                         int in, int out) {
  UseOneOneDnnThread();
  std::shared_ptr<InnerProduct> product(new InnerProduct(precision, in, out));
  try {
    if (absl::Status status = product->MakePrimitives(); !status.ok()) return status;
    if (absl::Status status = product->AdmitStableRows(); !status.ok()) return status;
  } catch (const dnnl::error& error) {
    return absl::InternalError(
        absl::StrFormat("oneDNN cannot make the inner product %d -> %d in %s: %s", in, out,
                        PrecisionName(precision), error.what()));
  }
  return product;
}

absl::Status InnerProduct::MakePrimitives() {
  // The most rows choose the layout of the weights; all others must read the same.
  const auto any = Matrix(TypesOf(precision_).operand, out_, in_, memory::format_tag::any);
  const auto largest = Describe(precision_, kMaxRows, in_, out_, any);
  primitives_->packed_weights = largest.weights_desc();
  kernel_ = largest.impl_info_str();
  if (absl::StrContains(kernel_, "ref")) {
    return absl::InternalError(absl::StrFormat(
        "oneDNN has only the reference kernel '%s' for the inner product %d -> %d in %s on this "
        "CPU (%s)",
        kernel_, in_, out_, PrecisionName(precision_), OneDnnIsa()));
  }
  for (int rows : kCandidateRows) {
    auto desc = Describe(precision_, rows, in_, out_, primitives_->packed_weights);
    primitives_->by_rows[rows] = {desc, dnnl::inner_product_forward(desc)};
  }
  return absl::OkStatus();
}

absl::Status InnerProduct::AdmitStableRows() {
  admitted_rows_.assign(kMaxRows + 1, 0);
  const auto admit = [this](int rows) { std::fill_n(admitted_rows_.begin(), rows + 1, rows); };
  if (precision_ == Precision::kInt8) {  // sums of integers have no order
    std::for_each(kCandidateRows.rbegin(), kCandidateRows.rend(), admit);
    return absl::OkStatus();
  }
  // Random numbers of both signs: another order of adding gives other bits somewhere, almost
  // surely. Twice the rows, so that every window of kMaxRows puts a row in another place.
  std::minstd_rand random(1);
  std::normal_distribution<float> normal;
  const auto fill = [&](std::vector<float>& values) {
    for (float& value : values) value = normal(random);
  };
  std::vector<float> weights(static_cast<size_t>(out_) * in_);
  std::vector<float> rows_of_x(size_t{2} * kMaxRows * in_);
  fill(weights);
  fill(rows_of_x);
  AlignedArray<std::byte> packed(packed_size());
  const auto packed_weights = Pack(weights.data(), packed.data());
  const auto workspace = MakeWorkspace();
  const memory::desc x_desc = Matrix(TypesOf(precision_).operand, 2 * kMaxRows, in_);
  AlignedArray<std::byte> x(x_desc.get_size());
  Reorder(Matrix(DataType::f32, 2 * kMaxRows, in_), rows_of_x.data(), x_desc, x.data());
  const size_t x_row = x_desc.get_size() / (size_t{2} * kMaxRows);
  const auto run = [&](int rows, size_t first) {
    return static_cast<const float*>(
        Run(rows, x.data() + first * x_row, *packed_weights, *workspace));
  };

  std::vector<float> expected;
  for (size_t first : {0, kMaxRows}) {
    const float* y = run(kMaxRows, first);
    expected.insert(expected.end(), y, y + size_t{kMaxRows} * out_);
  }
  const auto stable = [&](int rows) {
    for (size_t first : {0, 1, 3, 8, 13, 27, kMaxRows - 1}) {
      if (std::memcmp(run(rows, first), expected.data() + first * out_,
                      sizeof(float) * rows * out_) != 0) {
        return false;
      }
    }
    return true;
  };
  for (auto rows = kCandidateRows.rbegin(); rows != kCandidateRows.rend(); ++rows) {
    if (stable(*rows)) {
      admit(*rows);
    } else if (admitted_rows_[0] == 0) {
      return absl::InternalError(absl::StrFormat(
          "oneDNN's kernel '%s' for the inner product %d -> %d in %s gives a row other bits "
          "in other places; Verdict cannot promise equal replies to equal texts",
          kernel_, in_, out_, PrecisionName(precision_)));
    }
  }
  return absl::OkStatus();
}

size_t InnerProduct::packed_size() const { return primitives_->packed_weights.get_size(); }

std::shared_ptr<const InnerProduct::Weights> InnerProduct::Pack(const void* weights,
                                                                std::byte* packed) const {
  const DataType type = precision_ == Precision::kInt8 ? DataType::s8 : DataType::f32;
  Reorder(Matrix(type, out_, in_), weights, primitives_->packed_weights, packed);
  return std::make_shared<const Weights>(memory(primitives_->packed_weights, Cpu(), packed));
}

std::shared_ptr<InnerProduct::Workspace> InnerProduct::MakeWorkspace() const {
  return std::make_shared<Workspace>(*primitives_, out_);
}

const void* InnerProduct::Run(int rows, const void* x, const Weights& weights,
                              Workspace& workspace) const {
  UseOneOneDnnThread();
  Workspace::ForRows& handles = workspace.of(rows);
  handles.x.set_data_handle(const_cast<void*>(x));
  const std::array<dnnl_exec_arg_t, 4> arguments = {
      {{DNNL_ARG_SRC, handles.x.get()},
       {DNNL_ARG_WEIGHTS, weights.get()},
       {DNNL_ARG_DST, handles.y.get()},
       {DNNL_ARG_SCRATCHPAD, handles.scratchpad.get()}}};
  dnnl::error::wrap_c_api(
      dnnl_primitive_execute(primitives_->by_rows[rows].primitive.get(), Stream().get(),
                             static_cast<int>(arguments.size()), arguments.data()),
      "oneDNN could not execute an inner product");
  return workspace.y();
}

}  // namespace verdict
