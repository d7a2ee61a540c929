// How much memory the machine, and the container around us, let us use; and whether a model fits.
#ifndef VERDICT_ENGINE_MACHINE_MEMORY_LIMIT_H_
#define VERDICT_ENGINE_MACHINE_MEMORY_LIMIT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"

namespace verdict {

struct MemoryLimit {
  uint64_t bytes = 0;
  std::string source;  // for messages, e.g. "this machine has"

  friend bool operator==(const MemoryLimit&, const MemoryLimit&) = default;
};

// The smallest of the machine's memory with its swap, and what the control groups of this process
// allow (memory.max, or memory.limit_in_bytes in version 1). nullopt if none can be read. `root` is
// "", except in tests.
std::optional<MemoryLimit> FindMemoryLimit(const std::string& root);

// What a model takes, about, in bytes.
struct ModelMemory {
  uint64_t weights = 0;
  uint64_t loading = 0;  // beside the weights, until they are packed
  uint64_t buffers = 0;  // of a forward pass
};

// RESOURCE_EXHAUSTED: the model does not fit. The message has the sums and the limit.
absl::Status CheckMemory(const ModelMemory& model, const std::optional<MemoryLimit>& limit);

}  // namespace verdict

#endif  // VERDICT_ENGINE_MACHINE_MEMORY_LIMIT_H_
