// A real verdictd, started and watched by a test.
#ifndef VERDICT_TESTS_SERVER_VERDICTD_PROCESS_H_
#define VERDICT_TESTS_SERVER_VERDICTD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace verdict {

// One run of the program. Killed when the test leaves it running.
class VerdictdProcess {
 public:
  // Starts verdictd with `arguments`, listening on free ports of 127.0.0.1 unless they say else.
  explicit VerdictdProcess(std::vector<std::string> arguments);
  ~VerdictdProcess();

  VerdictdProcess(const VerdictdProcess&) = delete;
  VerdictdProcess& operator=(const VerdictdProcess&) = delete;

  // Waits until it serves, and fails the test if it ends instead. Then the addresses are known.
  void AwaitServing();
  const std::string& grpc_address() const { return grpc_address_; }
  int grpc_port() const;
  int http_port() const { return http_port_; }
  pid_t pid() const { return pid_; }

  void Signal(int signal) const;

  // Waits for its end: the exit status, or minus the signal that killed it.
  int Wait();

  // Fills the pipe of its stderr, which nobody reads from then on.
  void StopReading();

  // The same as Wait, but nobody reads its stderr.
  int WaitUnread();

  // What it wrote to stderr so far.
  const std::string& log() const { return log_; }

 private:
  int Reap();

  // Waits for a line of the log; false when there will be none.
  bool ReadLine(std::string* line);

  pid_t pid_ = -1;
  int stderr_ = -1;
  std::string unread_;
  std::string log_;
  std::string grpc_address_;
  int http_port_ = 0;
};

}  // namespace verdict

#endif  // VERDICT_TESTS_SERVER_VERDICTD_PROCESS_H_
