#include "engine/threads/workers.h"

#include "absl/strings/str_cat.h"
#include "engine/threads/thread_name.h"

namespace verdict {
namespace {

// How often a waiting thread looks before it sleeps: some 10 us. The gap between two rounds of a
// forward pass is shorter than that, and a sleep and wake-up costs more; but a thread never spins
// through a whole time slice of a core that someone else could use.
constexpr int kSpins = 300;

template <typename T>
void AwaitChange(const std::atomic<T>& value, T old) {
  for (int i = 0; i < kSpins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

Workers::Workers(int threads) : shares_(threads) {
  threads_.reserve(threads - 1);
  for (int worker = 1; worker < threads; ++worker) {
    threads_.emplace_back([this, worker] { Serve(worker); });
  }
}

Workers::~Workers() {
  stopping_.store(true, std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::ParallelFor(int items, Task task) {
  if (threads_.empty() || items <= 1) {
    for (int item = 0; item < items; ++item) task(item, 0);
    return;
  }
  task_ = &task;
  items_left_.store(items, std::memory_order_relaxed);
  for (int worker = 0; worker < threads(); ++worker) {
    shares_[worker].items.store(
        Share::Items(FirstItem(worker, items), FirstItem(worker + 1, items)),
        std::memory_order_release);
  }
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  RunItems(0);
  for (int left; (left = items_left_.load(std::memory_order_acquire)) != 0;) {
    AwaitChange(items_left_, left);
  }
}

void Workers::Serve(int worker) {
  NameThisThread(absl::StrCat("worker-", worker));
  for (uint32_t seen = 0;;) {
    AwaitChange(round_, seen);
    seen = round_.load(std::memory_order_acquire);
    if (stopping_.load(std::memory_order_relaxed)) return;
    RunItems(worker);
  }
}

void Workers::RunItems(int worker) {
  int done = 0;
  for (int i = 0; i < threads(); ++i) {
    std::atomic<uint64_t>& items = shares_[(worker + i) % threads()].items;
    // The first look spares those who have nothing left a write to their cache line.
    while (Share::First(items.load(std::memory_order_relaxed)) >= 0) {
      const int item = Share::First(items.fetch_add(1, std::memory_order_acquire));
      if (item < 0) break;
      (*task_)(item, worker);
      ++done;
    }
  }
  if (done > 0 && items_left_.fetch_sub(done, std::memory_order_acq_rel) == done) {
    items_left_.notify_one();
  }
}

}  // namespace verdict
