// The header of a safetensors file: which tensors there are, and where.
#ifndef VERDICT_ENGINE_FILES_SAFETENSORS_HEADER_H_
#define VERDICT_ENGINE_FILES_SAFETENSORS_HEADER_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace verdict {

// Every element type of the format. A file may hold any of them; the models read three.
enum class DType {
  kBool,
  kF4,
  kF6E2M3,
  kF6E3M2,
  kU8,
  kI8,
  kF8E5M2,
  kF8E4M3,
  kF8E8M0,
  kF8E4M3Fnuz,
  kF8E5M2Fnuz,
  kI16,
  kU16,
  kF16,
  kBF16,
  kI32,
  kU32,
  kF32,
  kC64,
  kF64,
  kI64,
  kU64,
};

// As spelt in the header, e.g. "BF16".
std::string_view DTypeName(DType dtype);

struct TensorEntry {
  DType dtype = DType::kF32;
  // Empty for a scalar; any dimension may be 0.
  std::vector<int64_t> shape;
  // Bytes [begin, end) of the data that follow the header: as many as `shape` of `dtype` needs.
  uint64_t begin = 0;
  uint64_t end = 0;
};

// By tensor name.
using TensorEntries = std::map<std::string, TensorEntry, std::less<>>;

// Reads the header `text` of a file whose data are `data_bytes` long. The entries returned cover
// the data exactly: without a hole, an overlap, or a byte past the end.
//
// INVALID_ARGUMENT: a rule of the format is broken; the message starts with `source` and names the
// tensor and the numbers.
absl::StatusOr<TensorEntries> ParseSafetensorsHeader(std::string_view text, uint64_t data_bytes,
                                                     const std::string& source);

// "[2, 3]"; "[]" for a scalar.
std::string ShapeText(absl::Span<const int64_t> shape);

}  // namespace verdict

#endif  // VERDICT_ENGINE_FILES_SAFETENSORS_HEADER_H_
