// A safetensors file: named tensors in one file.
#ifndef VERDICT_ENGINE_SAFETENSORS_H_
#define VERDICT_ENGINE_SAFETENSORS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/file.h"
#include "engine/safetensors_header.h"

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

  // The values of tensor `name` as float32, row-major; F16 and BF16 are widened exactly.
  //
  // INVALID_ARGUMENT: missing, of another shape than `shape`, not a float type, or holding NaN or
  // infinity. UNAVAILABLE: see File::ReadAt.
  absl::StatusOr<std::vector<float>> ReadFloats(std::string_view name,
                                                absl::Span<const int64_t> shape) const;

 private:
  SafetensorsFile(File file, uint64_t data_begin, TensorEntries tensors);

  File file_;
  uint64_t data_begin_ = 0;  // where the header ends; nothing aligns it
  TensorEntries tensors_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_SAFETENSORS_H_
