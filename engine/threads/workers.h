// The threads that compute one batch together.
#ifndef VERDICT_ENGINE_THREADS_WORKERS_H_
#define VERDICT_ENGINE_THREADS_WORKERS_H_

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"

namespace verdict {

// A fork-join team: the caller and threads() - 1 threads of its own. Each thread has a share of the
// items, the same in every round of as many: so it finds in its caches what it left there, and can
// fetch ahead. Items are taken one by one, and a thread that finishes its share steals from the
// others: so a thread that loses its core to a neighbour holds up one item at most. A round ends
// when its items are done, not when all threads have been there: a thread that has begun no item
// holds up none.
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

  // The items of a thread's share that nobody has taken yet, from `next` to before `end`. Both are
  // in one word, so that an item is taken atomically. A thread that is late, from a round that has
  // ended, may take an item of the present round; that round then waits for it. On a cache line of
  // its own.
  struct alignas(64) Share {
    static uint64_t Items(int next, int end) { return uint64_t(end) << 32 | uint32_t(next); }
    // The first of `items`; -1: there is none.
    static int First(uint64_t items) {
      const auto next = static_cast<uint32_t>(items);
      return next < items >> 32 ? static_cast<int>(next) : -1;
    }

    std::atomic<uint64_t> items = 0;
  };

  const Task* task_ = nullptr;       // the round's; read by who has taken an item of it
  std::vector<Share> shares_;        // [threads]
  std::atomic<int> items_left_ = 0;  // of the round, that are not done
  std::atomic<uint32_t> round_ = 0;  // counts announcements
  std::atomic<bool> stopping_ = false;

  std::vector<std::thread> threads_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_THREADS_WORKERS_H_
