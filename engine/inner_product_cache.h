// What layers of like shape share.
#ifndef VERDICT_ENGINE_INNER_PRODUCT_CACHE_H_
#define VERDICT_ENGINE_INNER_PRODUCT_CACHE_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "engine/onednn.h"
#include "engine/precision.h"

namespace verdict {

// The inner products of one model, one for each shape: layers of like shape share it.
class InnerProductCache {
 public:
  explicit InnerProductCache(Precision precision) : precision_(precision) {}

  Precision precision() const { return precision_; }

  // INTERNAL: as InnerProduct::Create.
  absl::StatusOr<std::shared_ptr<const InnerProduct>> Get(int in, int out);

  // oneDNN's names of the kernels in use, in order, each once.
  std::set<std::string> kernels() const;

 private:
  const Precision precision_;
  std::map<std::pair<int, int>, std::shared_ptr<const InnerProduct>> products_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_INNER_PRODUCT_CACHE_H_
