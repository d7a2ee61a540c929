// What the workers need beside a layer and its rows.
#ifndef VERDICT_ENGINE_LAYERS_LINEAR_SCRATCH_H_
#define VERDICT_ENGINE_LAYERS_LINEAR_SCRATCH_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "engine/kernels/onednn/onednn.h"
#include "engine/memory/aligned_buffer.h"

namespace verdict {

// Memory that each of the workers needs to compute its pieces.
class LinearScratch {
 public:
  // `times_products`: so that TakeProductTime has something to give.
  LinearScratch(int workers, bool times_products)
      : times_products_(times_products), by_worker_(workers) {}

  // Makes a workspace of `product` for every worker, or room for so many sums. At load, by
  // Linear::Reserve; never during a pass.
  void Reserve(const InnerProduct* product);
  void Reserve(size_t sums);

  // Reserved.
  InnerProduct::Workspace& of(int worker, const InnerProduct* product) {
    return *by_worker_[worker].workspaces.find(product)->second;
  }
  int32_t* sums_of(int worker) { return by_worker_[worker].sums.data(); }

  // Calls multiply(), on the worker's thread, and returns what it does.
  template <typename Multiply>
  auto Product(int worker, const Multiply& multiply) {
    const Timer timer(times_products_ ? &by_worker_[worker].product_time : nullptr);
    return multiply();
  }

  // What products took since the last call, of all workers the mean. None of them is at work.
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
    std::map<const InnerProduct*, std::shared_ptr<InnerProduct::Workspace>> workspaces;
    AlignedArray<int32_t> sums;
  };
  const bool times_products_;
  std::vector<OfWorker> by_worker_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_LAYERS_LINEAR_SCRATCH_H_
