#include "engine/cpu_limits.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace verdict {
namespace {

// A hierarchy of control groups as it is mounted: what /proc calls `root` is seen at `point`.
struct Mount {
  bool version2 = false;
  std::string root;
  std::string point;
};

std::vector<std::string> ReadLines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string ReadLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Spaces and the like are written as \040.
std::string UnescapedPath(absl::string_view field) {
  std::string path;
  return absl::CUnescape(field, &path) ? path : std::string(field);
}

bool HasCpuController(absl::string_view names) {
  const std::vector<absl::string_view> controllers = absl::StrSplit(names, ',');
  return std::find(controllers.begin(), controllers.end(), "cpu") != controllers.end();
}

// The mounted hierarchies that can hold a CPU quota. A line of /proc/self/mountinfo:
// ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG…] - TYPE SOURCE SUPER_OPTIONS
std::vector<Mount> CpuMounts(const std::string& root) {
  std::vector<Mount> mounts;
  for (const std::string& line : ReadLines(root + "/proc/self/mountinfo")) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    const auto end_of_tags = std::find(fields.begin(), fields.end(), "-");
    if (end_of_tags - fields.begin() < 6 || fields.end() - end_of_tags < 4) continue;
    const bool version2 = end_of_tags[1] == "cgroup2";
    if (!version2 && (end_of_tags[1] != "cgroup" || !HasCpuController(end_of_tags[3]))) continue;
    mounts.push_back({.version2 = version2,
                      .root = UnescapedPath(fields[3]),
                      .point = root + UnescapedPath(fields[4])});
  }
  return mounts;
}

// `group` ("/a/b") below `mount`'s root; "" if it is that root, or not below it. The second is so
// when a group was mounted before a namespace began in it ("/.."), or a container sees another's.
std::string BelowRoot(const Mount& mount, absl::string_view group) {
  absl::string_view below = group;
  if (mount.root != "/" && !absl::ConsumePrefix(&below, mount.root)) return "";
  if (!absl::StartsWith(below, "/") || below == "/" || absl::StrContains(below, "/..")) return "";
  return std::string(below);
}

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

std::optional<double> GroupQuota(bool version2, const std::string& directory) {
  if (!version2) {
    return Quota(ReadLine(directory + "/cpu.cfs_quota_us"),
                 ReadLine(directory + "/cpu.cfs_period_us"));
  }
  const std::string line = ReadLine(directory + "/cpu.max");
  const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
  return fields.size() == 2 ? Quota(fields[0], fields[1]) : std::nullopt;
}

std::optional<double> Smaller(std::optional<double> a, std::optional<double> b) {
  if (!a.has_value()) return b;
  return std::min(*a, b.value_or(*a));
}

// The smallest quota of `group` and the groups above it, as far up as `mount` shows. A group that
// is not there (it was removed, or is named as another namespace sees it) leaves those above.
std::optional<double> SmallestQuota(const Mount& mount, absl::string_view group) {
  std::optional<double> smallest;
  for (std::string below = BelowRoot(mount, group);; below.erase(below.rfind('/'))) {
    smallest = Smaller(smallest, GroupQuota(mount.version2, mount.point + below));
    if (below.empty()) return smallest;
  }
}

}  // namespace

std::optional<double> CpuQuota(const std::string& root) {
  std::optional<double> smallest;
  const std::vector<Mount> mounts = CpuMounts(root);
  // "0::/group" in version 2, "4:cpu,cpuacct:/group" in version 1; a hybrid has both.
  for (const std::string& line : ReadLines(root + "/proc/self/cgroup")) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() != 3) continue;
    const bool version2 = fields[1].empty();
    if (!version2 && !HasCpuController(fields[1])) continue;
    for (const Mount& mount : mounts) {
      if (mount.version2 != version2) continue;
      smallest = Smaller(smallest, SmallestQuota(mount, fields[2]));
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
