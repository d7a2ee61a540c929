#include "engine/machine/cpu_limits.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "engine/machine/control_groups.h"

namespace verdict {
namespace {

// Both in microseconds, of CPU time and of time; "max" and -1 are no limit.
std::optional<double> Quota(absl::string_view quota, absl::string_view period) {
  int64_t quota_us = 0;
  int64_t period_us = 0;
  if (!absl::SimpleAtoi(quota, &quota_us) || !absl::SimpleAtoi(period, &period_us) ||
      quota_us <= 0 || period_us <= 0) {
    return std::nullopt;
  }
  return static_cast<double>(quota_us) / static_cast<double>(period_us);
}

std::optional<double> GroupQuota(const ControlGroup& group) {
  if (!group.version2) {
    return Quota(group.Read("cpu.cfs_quota_us"), group.Read("cpu.cfs_period_us"));
  }
  const std::string line = group.Read("cpu.max");
  const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
  return fields.size() == 2 ? Quota(fields[0], fields[1]) : std::nullopt;
}

}  // namespace

std::optional<double> CpuQuota(const std::string& root) {
  std::optional<double> smallest;
  for (const ControlGroup& group : ControlGroupsOf(root, "cpu")) {
    const std::optional<double> quota = GroupQuota(group);
    if (quota.has_value()) smallest = std::min(*quota, smallest.value_or(*quota));
  }
  return smallest;
}

int UsableThreads(std::optional<double> quota, int cpus) {
  if (!quota.has_value() || *quota >= cpus) return cpus;
  return std::max(1, static_cast<int>(std::floor(*quota)));
}

int AffinityCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // It fails on a machine of more than 1,024 CPUs.
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace verdict
