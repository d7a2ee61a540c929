// The threads that compute one batch together.
#ifndef VERDICT_ENGINE_WORKERS_H_
#define VERDICT_ENGINE_WORKERS_H_

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"

namespace verdict {

// A fork-join team: the caller and threads() - 1 threads of its own. Items are handed out one by
// one, so a thread that loses its core to a neighbour holds up one item, not its share of the
// whole.
//
// ParallelFor may be called from one thread at a time.
class Workers {
 public:
  // Called with an item, and with the number of the thread that runs it: 0 (the caller) to
  // threads() - 1.
  using Task = absl::FunctionRef<void(int item, int worker)>;

  // `threads` is at least 1.
  explicit Workers(int threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int threads() const { return static_cast<int>(threads_.size()) + 1; }

  // Runs task(0) … task(items - 1) in any order and returns when all are done.
  void ParallelFor(int items, Task task);

 private:
  void Serve(int worker);
  void RunItems(int worker);

  // One round's work: written by the caller before it announces the round, read by the threads
  // after.
  const Task* task_ = nullptr;
  int items_ = 0;
  std::atomic<int> next_item_ = 0;
  std::atomic<int> busy_threads_ = 0;  // how many of threads_ have not finished the round
  std::atomic<uint32_t> round_ = 0;    // counts announcements
  std::atomic<bool> stopping_ = false;

  std::vector<std::thread> threads_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_WORKERS_H_
