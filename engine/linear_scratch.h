// What the workers need beside a layer and its rows.
#ifndef VERDICT_ENGINE_LINEAR_SCRATCH_H_
#define VERDICT_ENGINE_LINEAR_SCRATCH_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "engine/aligned_buffer.h"
#include "engine/onednn.h"

namespace verdict {

// Memory that each of the workers needs to compute its pieces.
class LinearScratch {
 public:
  explicit LinearScratch(int workers) : by_worker_(workers) {}

  // Makes a workspace of `product` for every worker, or room for so many sums. At load, by
  // Linear::Reserve; never during a pass.
  void Reserve(const InnerProduct* product);
  void Reserve(size_t sums);

  // Reserved.
  InnerProduct::Workspace& of(int worker, const InnerProduct* product) {
    return *by_worker_[worker].workspaces.find(product)->second;
  }
  int32_t* sums_of(int worker) { return by_worker_[worker].sums.data(); }

 private:
  struct OfWorker {
    std::map<const InnerProduct*, std::shared_ptr<InnerProduct::Workspace>> workspaces;
    AlignedArray<int32_t> sums;
  };
  std::vector<OfWorker> by_worker_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_LINEAR_SCRATCH_H_
