// The signals that ask the process to go.
#ifndef VERDICT_SERVER_PROCESS_STOP_SIGNALS_H_
#define VERDICT_SERVER_PROCESS_STOP_SIGNALS_H_

#include <csignal>

namespace verdict {

// SIGINT and SIGTERM: the first is waited for, a second ends the process at once.
//
// One for a process, made before any other thread starts: all inherit that the signals wait, and
// interrupt nobody.
class StopSignals {
 public:
  StopSignals();

  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Waits for the first, and returns it. The next one exits with 128 and its number, as a shell
  // says of a process that it killed.
  int Await() const;

 private:
  sigset_t signals_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_PROCESS_STOP_SIGNALS_H_
