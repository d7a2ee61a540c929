#include "server/process_settings.h"

#include <malloc.h>
#include <sys/resource.h>

#include "absl/synchronization/mutex.h"
#include "engine/cpu_limits.h"

namespace verdict {
namespace {

// One for each thread that can run at a time, where glibc would take eight for each CPU of the
// machine: each of them fills to a high-water mark of its own, one after another, and the memory of
// a server under an even load grows for hours.
void LimitArenas() { mallopt(M_ARENA_MAX, UsableThreads(CpuQuota(""), AffinityCpus())); }

// To all that we may have. Running out of file descriptors is the end of a gRPC server: its
// listener never accepts again.
void RaiseFileLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

void ConfigureProcess() {
  // Debian's abseil looks for deadlocks at every lock, gRPC's too; the tsan preset is where we do.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  LimitArenas();
  RaiseFileLimit();
}

}  // namespace verdict
