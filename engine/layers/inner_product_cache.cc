#include "engine/layers/inner_product_cache.h"

#include "absl/strings/str_cat.h"
#include "engine/kernels/row_kernels.h"

namespace verdict {

absl::StatusOr<std::shared_ptr<const InnerProduct>> InnerProductCache::Get(int in, int out) {
  auto& product = products_[{in, out}];
  if (product == nullptr) {
    auto created = InnerProduct::Create(kind_.precision, in, out);
    if (!created.ok()) return created.status();
    product = *std::move(created);
  }
  return product;
}

std::set<std::string> InnerProductCache::kernels() const {
  switch (kind_.kernels) {
    case Kernels::kPanels:
      return {absl::StrCat("highway:", HighwayTarget())};
    case Kernels::kTiles:
      return {"tiles:amx"};
    case Kernels::kOneDnn:
      break;
  }
  std::set<std::string> kernels;
  for (const auto& [shape, product] : products_) {
    if (product != nullptr) kernels.insert(product->kernel());
  }
  return kernels;
}

}  // namespace verdict
