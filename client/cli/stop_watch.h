// What Ctrl-C and SIGTERM do to a command that writes line after line.
#ifndef VERDICT_CLIENT_CLI_STOP_WATCH_H_
#define VERDICT_CLIENT_CLI_STOP_WATCH_H_

#include <csignal>
#include <functional>
#include <thread>

namespace verdict {

// While it lives, the first SIGINT or SIGTERM runs `last_words` in a thread of its own, and ends
// the process with 128 and the signal's number, as a shell says of a process that it killed; the
// second ends the process even while last words wait for something. A signal that was ignored
// before, as in a shell's background jobs, still is.
//
// One at a time, made before any other thread starts: these inherit that the signals wait.
class StopWatch {
 public:
  explicit StopWatch(std::function<void(int signal)> last_words);
  ~StopWatch();

  StopWatch(const StopWatch&) = delete;
  StopWatch& operator=(const StopWatch&) = delete;

 private:
  // Runs in thread_.
  void Await(const std::function<void(int signal)>& last_words) const;

  sigset_t signals_;
  sigset_t before_;   // the mask of the thread that made it
  int arrived_ = -1;  // a signalfd
  int done_ = -1;     // an eventfd, written at the end
  std::thread thread_;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLI_STOP_WATCH_H_
