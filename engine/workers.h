// The threads that compute one batch together.
#ifndef VERDICT_ENGINE_WORKERS_H_
#define VERDICT_ENGINE_WORKERS_H_

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"

namespace verdict {

// A fork-join team: the caller and threads() - 1 threads of its own. Each thread has a share of the
// items, the same in every round of as many: so it finds in its caches what it left there, and can
// fetch ahead. Items are taken one by one, and who has done his own goes on with the others': a
// thread that loses its core to a neighbour holds up one item, not its share of the whole.
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

  // The first of the items that are `worker`'s own, of `items`; the last is the one before the next
  // worker's first.
  int FirstItem(int worker, int items) const {
    return static_cast<int>(int64_t{items} * worker / threads());
  }

 private:
  void Serve(int worker);
  void RunItems(int worker);

  // Where a thread's share is taken from, by itself and by those who help it. On a cache line of
  // its own.
  struct alignas(64) Share {
    std::atomic<int> next = 0;
    int end = 0;
  };

  // One round's work: written by the caller before it announces the round, read by the threads
  // after.
  const Task* task_ = nullptr;
  std::vector<Share> shares_;          // [threads]
  std::atomic<int> busy_threads_ = 0;  // how many of threads_ have not finished the round
  std::atomic<uint32_t> round_ = 0;    // counts announcements
  std::atomic<bool> stopping_ = false;

  std::vector<std::thread> threads_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_WORKERS_H_
