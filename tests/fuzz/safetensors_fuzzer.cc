// Any bytes as a safetensors file, and as the header of one.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/files/safetensors.h"
#include "tests/fuzz/memory_file.h"

namespace verdict {
namespace {

// What holds of every file that is let through.
void CheckCovers(const TensorEntries& tensors, uint64_t data_bytes) {
  uint64_t covered = 0;
  for (const auto& [name, entry] : tensors) {
    if (entry.begin > entry.end || entry.end > data_bytes) std::abort();
    covered += entry.end - entry.begin;
  }
  if (covered != data_bytes) std::abort();
}

void ReadAsFile(std::string_view bytes) {
  static MemoryFile input;
  input.Write(bytes);
  const auto file = SafetensorsFile::Open(input.path());
  if (!file.ok()) return;
  for (const auto& [name, entry] : file->tensors()) {
    const auto values = file->ReadFloats(name, entry.shape);
    // The reasons left are the type and values that are not finite.
    if (!values.ok() && values.status().code() != absl::StatusCode::kInvalidArgument) std::abort();
  }
}

}  // namespace
}  // namespace verdict

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  verdict::ReadAsFile(bytes);
  // Headers of their own: a mutation seldom keeps the length before a header true.
  for (const uint64_t data_bytes : {0, 4, 64}) {
    const auto tensors = verdict::ParseSafetensorsHeader(bytes, data_bytes, "input");
    if (tensors.ok()) verdict::CheckCovers(*tensors, data_bytes);
  }
  return 0;
}
