#include "engine/layers/linear_scratch.h"

#include <utility>

namespace verdict {

void LinearScratch::Reserve(const InnerProduct* product) {
  for (OfWorker& worker : by_worker_) {
    auto& workspace = worker.workspaces[product];
    if (workspace == nullptr) workspace = product->MakeWorkspace();
  }
}

void LinearScratch::Reserve(size_t sums) {
  for (OfWorker& worker : by_worker_) {
    if (worker.sums.size() < sums) worker.sums = AlignedArray<int32_t>(sums);
  }
}

std::chrono::nanoseconds LinearScratch::TakeProductTime() {
  std::chrono::nanoseconds sum(0);
  for (OfWorker& worker : by_worker_) {
    sum += std::exchange(worker.product_time, std::chrono::nanoseconds(0));
  }
  return sum / by_worker_.size();
}

}  // namespace verdict
