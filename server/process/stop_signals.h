// The signals that ask the process to go.
#ifndef VERDICT_SERVER_PROCESS_STOP_SIGNALS_H_
#define VERDICT_SERVER_PROCESS_STOP_SIGNALS_H_

#include <csignal>

namespace verdict {

// SIGINT and SIGTERM: the first is waited for, a second ends the process at once.
//
// One for a process, made before any other thread starts: all threads inherit that these signals
// are blocked.
class StopSignals {
 public:
  StopSignals();

  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Waits for the first signal, and returns it. The next one ends the process with status 128 and
  // its number, as shells report a killed process.
  int Await() const;

 private:
  sigset_t signals_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_PROCESS_STOP_SIGNALS_H_
