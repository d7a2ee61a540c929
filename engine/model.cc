#include "engine/model.h"

#include <future>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "engine/checkpoint.h"
#include "engine/distilbert.h"
#include "engine/distilbert_weights.h"
#include "engine/onednn.h"
#include "engine/product_kind.h"
#include "engine/quoted.h"

namespace verdict {
namespace {

absl::Status CheckTokenizerFits(const Tokenizer& tokenizer, const ModelConfig& config) {
  if (tokenizer.vocab_size() > config.vocab_size) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the tokenizer has ids up to %d, but config.json's vocab_size is %d: they are of different "
        "models",
        tokenizer.vocab_size() - 1, config.vocab_size));
  }
  return absl::OkStatus();
}

// Names a few: another model's checkpoint may hold thousands.
std::string UnusedTensorsWarning(const std::vector<std::string>& names) {
  constexpr size_t kMostNames = 10;
  const auto named = absl::MakeConstSpan(names).subspan(0, kMostNames);
  const auto quoted = [](std::string* out, const std::string& name) { *out += Quoted(name); };
  return absl::StrCat(
      "the checkpoint has tensors that no layer uses: ", absl::StrJoin(named, ", ", quoted),
      names.size() > kMostNames ? absl::StrCat(" and ", names.size() - kMostNames, " more") : "");
}

// What is said of one file begins with its path; the rest is told whose it is.
absl::Status InDirectory(const std::string& directory, const absl::Status& status) {
  if (absl::StartsWith(status.message(), directory)) return status;
  return absl::Status(status.code(), absl::StrCat("model '", directory, "': ", status.message()));
}

absl::StatusOr<Model> Load(const std::string& directory, const EngineOptions& options) {
  std::vector<std::string> warnings;
  const ProductKind products = FastestProducts(options.precision);
  if (products.kernels == Kernels::kPanels && products.precision != Precision::kF32) {
    warnings.push_back(absl::StrFormat(
        "this CPU (%s) has no fast instructions for %s: the products are computed %s", OneDnnIsa(),
        PrecisionName(products.precision),
        products.precision == Precision::kBf16 ? "in 16-bit integers, about as exact"
                                               : "in 16 bits, with weights rounded to about 7"));
  }
  // The cheap files first: what is wrong with them is said before 268 MB are read.
  auto config = LoadModelConfig(directory);
  if (!config.ok()) return config.status();
  auto tokenizer = Tokenizer::Load(directory);
  if (!tokenizer.ok()) return tokenizer.status();
  if (absl::Status status = CheckTokenizerFits(*tokenizer, *config); !status.ok()) return status;
  auto checkpoint = Checkpoint::Open(directory);
  if (!checkpoint.ok()) return checkpoint.status();
  // Beside the packing, which keeps one thread busy for longer. Returning waits for it.
  auto revision = std::async(std::launch::async, &Checkpoint::Revision, &*checkpoint);
  auto weights = LoadDistilBertWeights(*checkpoint, *config, products);
  if (!weights.ok()) return weights.status();

  if (!weights->unused_tensors.empty()) {
    warnings.push_back(UnusedTensorsWarning(weights->unused_tensors));
  }
  auto engine = DistilBert::Create(*config, *std::move(weights), options);
  if (!engine.ok()) return engine.status();
  auto digest = revision.get();
  if (!digest.ok()) return digest.status();
  return Model{.config = *std::move(config),
               .tokenizer = *std::move(tokenizer),
               .engine = *std::move(engine),
               .revision = *std::move(digest),
               .warnings = std::move(warnings)};
}

}  // namespace

absl::StatusOr<Model> LoadModel(const std::string& directory, const EngineOptions& options) {
  auto model = Load(directory, options);
  if (!model.ok()) return InDirectory(directory, model.status());
  return model;
}

}  // namespace verdict
