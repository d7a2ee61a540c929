#include "client/cli/stop_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>
#include <iterator>
#include <utility>

namespace verdict {
namespace {

constexpr int kStopSignals[] = {SIGINT, SIGTERM};

bool IsIgnored(int signal) {
  struct sigaction action = {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// Not left to the default action, to kill: Linux drops such a signal where the process is the first
// of its container.
void Exit(int signal) { _exit(128 + signal); }

}  // namespace

StopWatch::StopWatch(std::function<void(int signal)> last_words) {
  sigemptyset(&signals_);
  for (const int signal : kStopSignals) {
    if (!IsIgnored(signal)) sigaddset(&signals_, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  arrived_ = signalfd(-1, &signals_, SFD_CLOEXEC);
  done_ = eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this, words = std::move(last_words)] { Await(words); });
}

StopWatch::~StopWatch() {
  const uint64_t one = 1;
  // A counter that has room always takes it.
  [[maybe_unused]] const ssize_t written = write(done_, &one, sizeof(one));
  thread_.join();
  close(arrived_);
  close(done_);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void StopWatch::Await(const std::function<void(int signal)>& last_words) const {
  pollfd events[] = {{.fd = arrived_, .events = POLLIN, .revents = 0},
                     {.fd = done_, .events = POLLIN, .revents = 0}};
  while (poll(events, std::size(events), -1) < 0) {
  }
  signalfd_siginfo signal;
  if (events[0].revents == 0 || read(arrived_, &signal, sizeof(signal)) != sizeof(signal)) return;
  for (const int next : kStopSignals) {
    if (sigismember(&signals_, next) == 1) std::signal(next, Exit);
  }
  pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  last_words(static_cast<int>(signal.ssi_signo));
  Exit(static_cast<int>(signal.ssi_signo));
}

}  // namespace verdict
