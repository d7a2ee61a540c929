#include "engine/model.h"

#include <future>
#include <new>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "engine/files/checkpoint.h"
#include "engine/files/directory_check.h"
#include "engine/files/quoted.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/onednn/onednn.h"
#include "engine/machine/memory_limit.h"
#include "engine/models/classifier_weights.h"
#include "engine/models/encoder_classifier.h"
#include "engine/tokenizer/files/tokenizer_files.h"

namespace verdict {
namespace {

// Ids that have no embedding, if any, with their words, are told by the first of them.
absl::Status CheckTokenizerFits(const Tokenizer& tokenizer, const ModelConfig& config) {
  const int32_t ids = tokenizer.vocab_size();
  if (ids <= config.vocab_size) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "the tokenizer has ids up to %d, but config.json's vocab_size is %d: %s (%d) and %d more "
      "have no embedding. If tokens were added to the tokenizer, resize the model before it is "
      "trained and saved, model.resize_token_embeddings(len(tokenizer)), or remove them; else the "
      "two are of different models",
      ids - 1, config.vocab_size, Quoted(tokenizer.text(config.vocab_size)), config.vocab_size,
      ids - 1 - config.vocab_size));
}

void LimitTokens(const Tokenizer& tokenizer, const EngineOptions& options, ModelConfig& config,
                 std::vector<std::string>& warnings) {
  const std::optional<size_t> most = tokenizer.model_max_length();
  if (most.has_value() && *most < static_cast<size_t>(config.max_tokens())) {
    config.LowerMaxTokens(static_cast<int>(*most), "the tokenizer's model_max_length");
  }
  if (options.max_tokens > config.max_tokens()) {
    warnings.push_back(absl::StrCat("--max-tokens is ", options.max_tokens,
                                    ", but the model takes no more than ", config.max_tokens(),
                                    " (", config.max_tokens_source(), "), which is the limit"));
  } else if (options.max_tokens > 0) {
    config.LowerMaxTokens(options.max_tokens, "--max-tokens");
  }
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
  if (absl::StrContains(status.message(), directory)) return status;
  return absl::Status(status.code(), absl::StrCat("model '", directory, "': ", status.message()));
}

// That of shapes says why a size was expected that the file does not name.
absl::Status WithDefaults(const absl::Status& status, const ModelConfig& config) {
  if (config.defaults.empty()) return status;
  return absl::Status(
      status.code(),
      absl::StrCat(status.message(), "; config.json leaves out, and transformers takes, ",
                   config.defaults));
}

std::string SlowProductsWarning(Precision precision) {
  return absl::StrFormat(
      "this CPU (%s) has no fast instructions for %s: the products are computed %s", OneDnnIsa(),
      PrecisionName(precision),
      precision == Precision::kBf16 ? "in 16-bit integers, about as exact"
                                    : "in 16 bits, with weights rounded to about 7");
}

// All that can be told without the weights' values: cheap, and before memory is taken for them.
absl::Status CheckWeights(const Checkpoint& checkpoint, const ModelConfig& config,
                          const ClassifierBackends& backends, const EngineOptions& options) {
  auto memory = CheckClassifierWeights(checkpoint, config, backends);
  if (!memory.ok()) return WithDefaults(memory.status(), config);
  memory->buffers = EncoderClassifier::BufferBytes(config, *backends.layers, options);
  return CheckMemory(*memory, FindMemoryLimit(""));
}

// The files that are cheap to read: what is wrong with them is said before 268 MB are read.
struct Description {
  ModelConfig config;
  Tokenizer tokenizer;
  std::vector<std::string> warnings;
};

absl::StatusOr<Description> Describe(const std::string& directory, const EngineOptions& options) {
  if (absl::Status status = CheckModelDirectory(directory); !status.ok()) return status;
  auto config = LoadModelConfig(directory);
  if (!config.ok()) return config.status();
  auto tokenizer = LoadTokenizer(directory);
  if (!tokenizer.ok()) return tokenizer.status();
  if (absl::Status status = CheckTokenizerFits(*tokenizer, *config); !status.ok()) return status;
  std::vector<std::string> warnings = config->warnings;
  warnings.insert(warnings.end(), tokenizer->warnings().begin(), tokenizer->warnings().end());
  LimitTokens(*tokenizer, options, *config, warnings);
  return Description{*std::move(config), *std::move(tokenizer), std::move(warnings)};
}

ClassifierBackends Make(const Backend& backend) {
  return {.layers = backend.make(backend.precision), .head = MakeHeadBackend()};
}

// What computes where `rejected` computes wrongly: all of it oneDNN's.
absl::StatusOr<ClassifierBackends> InPlaceOf(const Backend& rejected, const BackendTable& table) {
  const auto layers = table.Choose(rejected.precision, kOneDnnKernels);
  const auto head = table.Choose(Precision::kF32, kOneDnnKernels);
  if (!layers.ok()) return layers.status();
  if (!head.ok()) return head.status();
  return ClassifierBackends{.layers = layers->make(layers->precision),
                            .head = head->make(head->precision)};
}

// As LoadClassifierWeights by `backend`, and by oneDNN where that computes wrongly and nobody asked
// for it by name.
absl::StatusOr<ClassifierWeights> LoadWeights(const Checkpoint& checkpoint,
                                              const ModelConfig& config,
                                              const EngineOptions& options,
                                              const BackendTable& table, const Backend& backend,
                                              std::vector<std::string>& warnings) {
  ClassifierBackends backends = Make(backend);
  const std::string kernels = backends.layers->kernels();
  auto weights = LoadClassifierWeights(checkpoint, config, std::move(backends));
  if (weights.ok()) return weights;
  if (!absl::IsDataLoss(weights.status()) || options.kernels != kAutoKernels ||
      backend.name == kOneDnnKernels) {
    return weights.status();
  }
  auto others = InPlaceOf(backend, table);
  if (!others.ok()) return weights.status();
  warnings.push_back(absl::StrCat(std::string(weights.status().message()),
                                  ". oneDNN's kernels serve in their place"));
  weights = LoadClassifierWeights(checkpoint, config, *std::move(others));
  if (weights.ok()) weights->rejected_kernels = kernels;
  return weights;
}

absl::StatusOr<Model> Load(const std::string& directory, const EngineOptions& options) {
  auto description = Describe(directory, options);
  if (!description.ok()) return description.status();
  const ModelConfig& config = description->config;
  std::vector<std::string>& warnings = description->warnings;
  const BackendTable& table = options.backends == nullptr ? AllBackends() : *options.backends;
  const auto backend = table.Choose(options.precision, options.kernels);
  if (!backend.ok()) return backend.status();
  if (options.kernels == kAutoKernels && backend->name == kPanelsKernels &&
      backend->precision != Precision::kF32) {
    warnings.push_back(SlowProductsWarning(backend->precision));
  }
  auto checkpoint = Checkpoint::Open(directory);
  if (!checkpoint.ok()) return checkpoint.status();
  if (absl::Status status = CheckWeights(*checkpoint, config, Make(*backend), options);
      !status.ok()) {
    return status;
  }
  // Beside the packing, which keeps one thread busy for longer. Returning waits for it.
  auto revision = std::async(std::launch::async, &Checkpoint::Revision, &*checkpoint);
  auto weights = LoadWeights(*checkpoint, config, options, table, *backend, warnings);
  if (!weights.ok()) return weights.status();

  if (!weights->prefix.empty()) {
    warnings.push_back(absl::StrCat("the names of all tensors begin with ", Quoted(weights->prefix),
                                    ", which is left off"));
  }
  if (!weights->unused_tensors.empty()) {
    warnings.push_back(UnusedTensorsWarning(weights->unused_tensors));
  }
  auto engine = EncoderClassifier::Create(config, *std::move(weights), options);
  if (!engine.ok()) return engine.status();
  auto digest = revision.get();
  if (!digest.ok()) return digest.status();
  return Model{.config = std::move(description->config),
               .tokenizer = std::move(description->tokenizer),
               .engine = *std::move(engine),
               .revision = *std::move(digest),
               .warnings = std::move(warnings)};
}

}  // namespace

absl::StatusOr<Model> LoadModel(const std::string& directory, const EngineOptions& options) {
  try {
    auto model = Load(directory, options);
    if (!model.ok()) return InDirectory(directory, model.status());
    return model;
  } catch (const std::bad_alloc&) {  // e.g. under `ulimit -v`, which CheckMemory does not look at
    return InDirectory(directory,
                       absl::ResourceExhaustedError("there is not enough memory for it"));
  }
}

}  // namespace verdict
