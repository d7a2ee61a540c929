#include "engine/machine/control_groups.h"

#include <algorithm>
#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
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

// Spaces and the like are written as \040.
std::string UnescapedPath(absl::string_view field) {
  std::string path;
  return absl::CUnescape(field, &path) ? path : std::string(field);
}

bool HasController(absl::string_view names, const std::string& controller) {
  const std::vector<absl::string_view> controllers = absl::StrSplit(names, ',');
  return std::find(controllers.begin(), controllers.end(), controller) != controllers.end();
}

// The mounted hierarchies that can limit `controller`. A line of /proc/self/mountinfo:
// ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG…] - TYPE SOURCE SUPER_OPTIONS
std::vector<Mount> MountsOf(const std::string& root, const std::string& controller) {
  std::vector<Mount> mounts;
  for (const std::string& line : ReadLines(root + "/proc/self/mountinfo")) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    const auto end_of_tags = std::find(fields.begin(), fields.end(), "-");
    if (end_of_tags - fields.begin() < 6 || fields.end() - end_of_tags < 4) continue;
    const bool version2 = end_of_tags[1] == "cgroup2";
    if (!version2 && (end_of_tags[1] != "cgroup" || !HasController(end_of_tags[3], controller))) {
      continue;
    }
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

// `group` and the groups above it, as far up as `mount` shows. A group that is not there (it was
// removed, or is named as another namespace sees it) leaves those above.
void AddGroups(const Mount& mount, absl::string_view group, std::vector<ControlGroup>* groups) {
  for (std::string below = BelowRoot(mount, group);; below.erase(below.rfind('/'))) {
    groups->push_back({.version2 = mount.version2, .directory = mount.point + below});
    if (below.empty()) return;
  }
}

}  // namespace

std::string ControlGroup::Read(const std::string& name) const {
  const std::vector<std::string> lines = ReadLines(absl::StrCat(directory, "/", name));
  return lines.empty() ? "" : lines.front();
}

std::vector<ControlGroup> ControlGroupsOf(const std::string& root, const std::string& controller) {
  std::vector<ControlGroup> groups;
  const std::vector<Mount> mounts = MountsOf(root, controller);
  // "0::/group" in version 2, "4:cpu,cpuacct:/group" in version 1; a hybrid has both.
  for (const std::string& line : ReadLines(root + "/proc/self/cgroup")) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() != 3) continue;
    const bool version2 = fields[1].empty();
    if (!version2 && !HasController(fields[1], controller)) continue;
    for (const Mount& mount : mounts) {
      if (mount.version2 == version2) AddGroups(mount, fields[2], &groups);
    }
  }
  return groups;
}

}  // namespace verdict
