// Real servers that are ended and started again, and a load that must not notice.
#ifndef VERDICT_TESTS_CLIENT_ROLLING_SERVERS_H_
#define VERDICT_TESTS_CLIENT_ROLLING_SERVERS_H_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "tests/server/fixtures/verdictd_process.h"

namespace verdict {

// Two servers of the demo model, each always at its own address. One thread.
class RollingServers {
 public:
  // Returns when both serve.
  RollingServers();

  // Both, separated by a comma.
  std::string addresses() const;

  // Ends server `index` and starts it again: how it ended, as VerdictdProcess::Wait says.
  int Restart(int index, int signal);

  // Waits until the load has found server `index`, which was started a moment ago: an orchestrator,
  // too, gives a new server a second before it ends the next one. False if that takes ten.
  bool AwaitCalls(int index) const;

 private:
  // How many Classify calls it answered with OK since it was started.
  int Answered(int index) const;

  void Start(int index);

  std::string addresses_[2];
  std::unique_ptr<VerdictdProcess> servers_[2];
};

// Threads that call as fast as they are answered, from the constructor to the destructor.
class SteadyLoad {
 public:
  // `call` makes one call, in any of the threads.
  SteadyLoad(int threads, std::function<absl::Status()> call);
  ~SteadyLoad();

  int calls() const { return calls_; }

  // Waits until so many calls are done.
  void AwaitCalls(int calls) const;

  // What calls failed with, and how many.
  std::map<std::string, int> failures() const;

 private:
  void Run();

  const std::function<absl::Status()> call_;
  std::atomic<bool> stopped_ = false;
  std::atomic<int> calls_ = 0;
  mutable absl::Mutex mutex_;
  std::map<std::string, int> failures_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace verdict

#endif  // VERDICT_TESTS_CLIENT_ROLLING_SERVERS_H_
