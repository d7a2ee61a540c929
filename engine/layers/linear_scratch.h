// The workspaces of the workers, and the time that products take.
#ifndef VERDICT_ENGINE_LAYERS_LINEAR_SCRATCH_H_
#define VERDICT_ENGINE_LAYERS_LINEAR_SCRATCH_H_

#include <chrono>
#include <map>
#include <memory>
#include <vector>

#include "engine/kernels/product.h"

namespace verdict {

// Memory that each of the workers needs to compute its pieces.
class LinearScratch {
 public:
  // `times_products`: whether products are timed, for TakeProductTime.
  LinearScratch(int workers, bool times_products)
      : times_products_(times_products), by_worker_(workers) {}

  // Makes every worker a workspace for what `backend` has packed so far. At load, never during a
  // pass.
  void Reserve(const ProductBackend* backend);

  // REQUIRES: Reserve was called for `backend`.
  Workspace& of(int worker, const ProductBackend* backend) {
    return *by_worker_[worker].workspaces.find(backend)->second;
  }

  // Calls multiply() on the worker's thread, times it, and returns its result.
  template <typename Multiply>
  auto Product(int worker, const Multiply& multiply) {
    const Timer timer(times_products_ ? &by_worker_[worker].product_time : nullptr);
    return multiply();
  }

  // The time that products took since the last call: the mean over all workers. REQUIRES: no worker
  // is at work.
  std::chrono::nanoseconds TakeProductTime();

 private:
  // Adds the time that it lives to `sum`, if that is not null.
  class Timer {
   public:
    explicit Timer(std::chrono::nanoseconds* sum) : sum_(sum) {
      if (sum_ != nullptr) start_ = Clock::now();
    }
    ~Timer() {
      if (sum_ != nullptr) *sum_ += Clock::now() - start_;
    }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

   private:
    using Clock = std::chrono::steady_clock;
    std::chrono::nanoseconds* const sum_;
    Clock::time_point start_;
  };

  struct OfWorker {
    std::chrono::nanoseconds product_time{0};
    std::map<const ProductBackend*, std::unique_ptr<Workspace>> workspaces;
  };
  const bool times_products_;
  std::vector<OfWorker> by_worker_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_LAYERS_LINEAR_SCRATCH_H_
