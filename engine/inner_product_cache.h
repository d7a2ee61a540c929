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
#include "engine/product_kind.h"

namespace verdict {

// A model's kind of products, and where those are oneDNN's one of each shape: layers of like shape
// share it.
class InnerProductCache {
 public:
  explicit InnerProductCache(ProductKind kind) : kind_(kind) {}

  ProductKind kind() const { return kind_; }

  // For oneDNN's alone. INTERNAL: as InnerProduct::Create.
  absl::StatusOr<std::shared_ptr<const InnerProduct>> Get(int in, int out);

  // Names of the kernels in use, in order, each once.
  std::set<std::string> kernels() const;

 private:
  const ProductKind kind_;
  std::map<std::pair<int, int>, std::shared_ptr<const InnerProduct>> products_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_INNER_PRODUCT_CACHE_H_
