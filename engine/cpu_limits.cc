#include "engine/cpu_limits.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace verdict {
namespace {

std::string ReadLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Both in microseconds of CPU time and of time; "max" and -1 are no limit.
std::optional<double> Quota(const std::string& quota, const std::string& period) {
  double quota_us = 0;
  double period_us = 0;
  if (!absl::SimpleAtod(quota, &quota_us) || !absl::SimpleAtod(period, &period_us) ||
      quota_us <= 0 || period_us <= 0) {
    return std::nullopt;
  }
  return quota_us / period_us;
}

std::optional<double> GroupQuota(const std::string& directory) {
  const std::vector<std::string> fields = absl::StrSplit(ReadLine(directory + "/cpu.max"), ' ');
  if (fields.size() == 2) return Quota(fields[0], fields[1]);
  return Quota(ReadLine(directory + "/cpu.cfs_quota_us"),
               ReadLine(directory + "/cpu.cfs_period_us"));
}

// The smallest quota of `group` ("/a/b") and the groups above it, in the hierarchy at `mount`.
// A container often sees its own group as the root while /proc names it by the host's path; the
// root is looked at in any case.
std::optional<double> SmallestQuota(const std::string& mount, std::string group) {
  std::optional<double> smallest;
  while (true) {
    if (group == "/") group.clear();
    if (const std::optional<double> quota = GroupQuota(mount + group)) {
      smallest = std::min(*quota, smallest.value_or(*quota));
    }
    if (group.empty()) return smallest;
    const size_t slash = group.rfind('/');
    group.erase(slash == std::string::npos ? 0 : slash);
  }
}

}  // namespace

std::optional<double> CpuQuota(const std::string& root) {
  std::optional<double> smallest;
  std::ifstream groups(root + "/proc/self/cgroup");
  // "0::/group" in version 2, "4:cpu,cpuacct:/group" in version 1.
  for (std::string line; std::getline(groups, line);) {
    const std::pair<std::string, std::string> id = absl::StrSplit(line, absl::MaxSplits(':', 1));
    const std::pair<std::string, std::string> group =
        absl::StrSplit(id.second, absl::MaxSplits(':', 1));
    std::string mount = root + "/sys/fs/cgroup";
    if (!group.first.empty()) {
      const std::vector<std::string> controllers = absl::StrSplit(group.first, ',');
      if (std::find(controllers.begin(), controllers.end(), "cpu") == controllers.end()) continue;
      mount += "/cpu";  // a link to cpu,cpuacct where they are mounted together
    }
    if (const std::optional<double> quota = SmallestQuota(mount, group.second)) {
      smallest = std::min(*quota, smallest.value_or(*quota));
    }
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
