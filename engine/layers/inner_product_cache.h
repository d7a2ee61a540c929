// What the layers of a model share.
#ifndef VERDICT_ENGINE_LAYERS_INNER_PRODUCT_CACHE_H_
#define VERDICT_ENGINE_LAYERS_INNER_PRODUCT_CACHE_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "engine/kernels/onednn/onednn.h"
#include "engine/kernels/product_kind.h"
#include "engine/memory/packed_memory.h"

namespace verdict {

// A model's kind of products, where those are oneDNN's one of each shape, and the memory of the
// packed weights.
class InnerProductCache {
 public:
  explicit InnerProductCache(ProductKind kind) : kind_(kind) {}

  ProductKind kind() const { return kind_; }

  // For oneDNN's alone. INTERNAL: as InnerProduct::Create.
  absl::StatusOr<std::shared_ptr<const InnerProduct>> Get(int in, int out);

  PackedMemory& memory() { return memory_; }

  // Names of the kernels in use, in order, each once.
  std::set<std::string> kernels() const;

 private:
  const ProductKind kind_;
  PackedMemory memory_;
  std::map<std::pair<int, int>, std::shared_ptr<const InnerProduct>> products_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_LAYERS_INNER_PRODUCT_CACHE_H_
