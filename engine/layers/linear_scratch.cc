#include "engine/layers/linear_scratch.h"

#include <utility>

namespace verdict {

void LinearScratch::Reserve(const ProductBackend* backend) {
  for (OfWorker& worker : by_worker_) worker.workspaces[backend] = backend->MakeWorkspace();
}

std::chrono::nanoseconds LinearScratch::TakeProductTime() {
  std::chrono::nanoseconds sum(0);
  for (OfWorker& worker : by_worker_) {
    sum += std::exchange(worker.product_time, std::chrono::nanoseconds(0));
  }
  return sum / by_worker_.size();
}

}  // namespace verdict
