#include "engine/machine/memory_limit.h"

#include <algorithm>
#include <fstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "engine/machine/control_groups.h"

namespace verdict {
namespace {

// A line of /proc/meminfo: "MemTotal:       24689356 kB".
std::optional<uint64_t> MachineBytes(const std::string& root) {
  std::ifstream file(root + "/proc/meminfo");
  std::optional<uint64_t> sum;
  std::string name, unit;
  for (uint64_t kilobytes = 0; file >> name >> kilobytes; std::getline(file, unit)) {
    if (name == "MemTotal:" || name == "SwapTotal:") sum = sum.value_or(0) + kilobytes * 1024;
  }
  return sum;
}

// Nothing where the group has no limit: "max", or no file.
std::optional<uint64_t> GroupBytes(const ControlGroup& group) {
  uint64_t bytes = 0;
  if (!absl::SimpleAtoi(group.Read(group.version2 ? "memory.max" : "memory.limit_in_bytes"),
                        &bytes)) {
    return std::nullopt;
  }
  return bytes;
}

double Megabytes(uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

}  // namespace

std::optional<MemoryLimit> FindMemoryLimit(const std::string& root) {
  std::optional<MemoryLimit> smallest;
  const auto consider = [&](std::optional<uint64_t> bytes, const std::string& source) {
    if (!bytes.has_value() || (smallest.has_value() && smallest->bytes <= *bytes)) return;
    smallest = {.bytes = *bytes, .source = source};
  };
  consider(MachineBytes(root), "this machine has");
  for (const ControlGroup& group : ControlGroupsOf(root, "memory")) {
    consider(GroupBytes(group), "its control group allows");
  }
  return smallest;
}

absl::Status CheckMemory(const ModelMemory& model, const std::optional<MemoryLimit>& limit) {
  const uint64_t sum = model.weights + std::max(model.loading, model.buffers);
  if (!limit.has_value() || sum <= limit->bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrFormat(
      "needs about %.0f MB of memory (%.0f MB of weights, %.0f MB more to load them, %.0f MB to "
      "compute), but %s %.0f MB: give it more, or lower --max-tokens, --max-batch-tokens or "
      "--threads",
      Megabytes(sum), Megabytes(model.weights), Megabytes(model.loading), Megabytes(model.buffers),
      limit->source, Megabytes(limit->bytes)));
}

}  // namespace verdict
