// A safetensors file: named tensors in one file.
#ifndef VERDICT_ENGINE_FILES_SAFETENSORS_H_
#define VERDICT_ENGINE_FILES_SAFETENSORS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/files/file.h"
#include "engine/files/safetensors_header.h"

namespace verdict {

// The largest header that is read. DistilBERT's has 10 KB; the format itself allows 100 MB.
inline constexpr uint64_t kMaxSafetensorsHeaderBytes = 8 << 20;

// A file whose header has been checked, and whose tensors are read when asked for.
//
// Immutable after Open; ReadFloats may be called from any thread.
class SafetensorsFile {
 public:
  // Reads and checks the header of the file `path`; see ParseSafetensorsHeader for the rules.
  //
  // As File::Open; INVALID_ARGUMENT: malformed, the message names the file, tensor and numbers.
  static absl::StatusOr<SafetensorsFile> Open(const std::string& path);

  const File& file() const { return file_; }
  const TensorEntries& tensors() const { return tensors_; }

  // Whether tensor `name` is there, of a float type and of shape `shape`: from the header alone.
  //
  // INVALID_ARGUMENT: it is not.
  absl::Status CheckFloats(std::string_view name, absl::Span<const int64_t> shape) const;

  // The values of tensor `name` as float32, row-major; F16 and BF16 are widened exactly, F64 is
  // rounded.
  //
  // INVALID_ARGUMENT: as CheckFloats; or a value is NaN, infinite, or too large for float32.
  // UNAVAILABLE: see File::ReadAt.
  absl::StatusOr<std::vector<float>> ReadFloats(std::string_view name,
                                                absl::Span<const int64_t> shape) const;

 private:
  SafetensorsFile(File file, uint64_t data_begin, TensorEntries tensors);

  absl::Status ErrorOf(std::string_view name, const absl::Status& status) const;

  File file_;
  uint64_t data_begin_ = 0;  // where the header ends; nothing aligns it
  TensorEntries tensors_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_FILES_SAFETENSORS_H_
