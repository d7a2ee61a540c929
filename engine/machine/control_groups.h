// The control groups that limit this process.
#ifndef VERDICT_ENGINE_MACHINE_CONTROL_GROUPS_H_
#define VERDICT_ENGINE_MACHINE_CONTROL_GROUPS_H_

#include <string>
#include <vector>

namespace verdict {

struct ControlGroup {
  bool version2 = false;
  std::string directory;  // where its files are, if it is there

  // The first line of its file `name`, e.g. "cpu.max"; empty if the file is not there.
  std::string Read(const std::string& name) const;
};

// The groups of this process that can limit `controller`, e.g. "cpu": its own and all groups above
// that can be seen, of version 2 and of version 1, wherever /proc/self/mountinfo says that they
// are. `root` is "", except in tests.
std::vector<ControlGroup> ControlGroupsOf(const std::string& root, const std::string& controller);

}  // namespace verdict

#endif  // VERDICT_ENGINE_MACHINE_CONTROL_GROUPS_H_
