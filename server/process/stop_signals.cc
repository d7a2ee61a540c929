#include "server/process/stop_signals.h"

#include <unistd.h>

namespace verdict {
namespace {

constexpr int kStopSignals[] = {SIGINT, SIGTERM};

// Not left to the default action, to kill: Linux drops such a signal where the process is the first
// of its container.
void Exit(int signal) { _exit(128 + signal); }

}  // namespace

StopSignals::StopSignals() {
  sigemptyset(&signals_);
  for (const int signal : kStopSignals) sigaddset(&signals_, signal);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

int StopSignals::Await() const {
  int first = 0;
  sigwait(&signals_, &first);
  for (const int signal : kStopSignals) std::signal(signal, Exit);
  pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  return first;
}

}  // namespace verdict
