// How many threads the machine, and the container around us, let us use.
#ifndef VERDICT_ENGINE_MACHINE_CPU_LIMITS_H_
#define VERDICT_ENGINE_MACHINE_CPU_LIMITS_H_

#include <optional>
#include <string>

namespace verdict {

// The number of CPUs that the control groups of this process allow it, e.g. 1.5; the smallest of
// its own group and all groups above that can be seen. nullopt if nothing limits it. Reads version
// 2 (cpu.max) and version 1 (cpu.cfs_quota_us), wherever /proc/self/mountinfo says that they are,
// under `root`, which is "" except in tests; what cannot be read is no limit.
std::optional<double> CpuQuota(const std::string& root);

// Threads that can run at a time: the quota rounded down, at least 1 and at most `cpus`. A thread
// more than the quota pays for makes the kernel stop all of them for a part of every 100 ms.
int UsableThreads(std::optional<double> quota, int cpus);

// The CPUs that this process may be scheduled on: the kernel counts those of its cpuset only.
int AffinityCpus();

}  // namespace verdict

#endif  // VERDICT_ENGINE_MACHINE_CPU_LIMITS_H_
