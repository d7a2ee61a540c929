#include "server/process/process_settings.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "absl/synchronization/mutex.h"
#include "engine/machine/cpu_limits.h"

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

// Else the first socket would get the number of standard error, and a library's last words would go
// to a caller.
void OpenStandardDescriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) >= 0) continue;
    open("/dev/null", O_RDWR);  // gets the lowest number that is free: this one
  }
}

// Memory has texts of callers, the private key and the model: it goes to no file, and no other
// process of this user may read it. The leak checker of the sanitizers is such a process.
void KeepMemoryPrivate() {
  const rlimit none = {.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  prctl(PR_SET_DUMPABLE, 0);
#endif
}

}  // namespace

void ConfigureProcess() {
  OpenStandardDescriptors();
  std::signal(SIGPIPE, SIG_IGN);  // who reads our log may go away
  KeepMemoryPrivate();
  // Debian's abseil looks for deadlocks at every lock, gRPC's too; the tsan preset is where we do.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  LimitArenas();
  RaiseFileLimit();
}

}  // namespace verdict
