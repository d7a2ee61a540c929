#include "engine/linear_scratch.h"

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

}  // namespace verdict
