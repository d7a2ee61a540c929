#include "engine/models/distilbert_weights.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/files/quoted.h"
#include "engine/kernels/oracle.h"

namespace verdict {
namespace {

static_assert(kMaxWidth <= kMaxIn);

// A tensor that every classifier of this kind has.
constexpr char kHeadName[] = "pre_classifier.weight";

// Reads tensors one after another and remembers the first error, so that the binding below reads as
// a list of names and shapes. After an error every read gives nothing. Or only looks for them, and
// adds up their memory: then every read gives nothing, too.
class TensorReader {
 public:
  enum class Task { kCheck, kRead };

  TensorReader(const Checkpoint& checkpoint, const std::string& prefix,
               const DistilBertBackends& backends, Task task)
      : checkpoint_(checkpoint), prefix_(prefix), backends_(backends), task_(task) {}

  std::vector<float> Read(const std::string& short_name, const std::vector<int64_t>& shape) {
    if (!status_.ok()) return {};
    const std::string name = prefix_ + short_name;
    used_.insert(name);
    uint64_t size = 1;
    for (const int64_t dimension : shape) size *= dimension;
    parameters_ += size;
    if (task_ == Task::kCheck) {
      status_ = checkpoint_.Check(name, shape);
      memory_.weights += size * sizeof(float);
      return {};
    }
    auto values = checkpoint_.Read(name, shape);
    if (values.ok()) return *std::move(values);
    status_ = values.status();
    return {};
  }

  LayerNormParameters ReadLayerNorm(const std::string& name, int dim) {
    // As TensorFlow called them; transformers reads these names too.
    const bool old = checkpoint_.Contains(absl::StrCat(prefix_, name, ".gamma"));
    return {.gain = Read(absl::StrCat(name, old ? ".gamma" : ".weight"), {dim}),
            .bias = Read(absl::StrCat(name, old ? ".beta" : ".bias"), {dim})};
  }

  // One linear layer of the layers `names`, each [out, in], set one below the other.
  absl::StatusOr<Linear> ReadLinear(ProductBackend& backend, const std::vector<std::string>& names,
                                    int in, int out) {
    std::vector<float> weights, bias;
    for (const std::string& name : names) {
      const auto append = [](std::vector<float>& all, std::vector<float> part) {
        if (all.empty()) {
          all = std::move(part);
        } else {
          all.insert(all.end(), part.begin(), part.end());
        }
      };
      append(weights, Read(absl::StrCat(name, ".weight"), {out, in}));
      append(bias, Read(absl::StrCat(name, ".bias"), {out}));
    }
    if (!status_.ok()) return status_;
    if (task_ == Task::kCheck) {
      AddLoading(backend.rows(), names.size() * in * static_cast<uint64_t>(out));
      return Linear();
    }
    auto linear = Linear::Create(backend, weights, bias);
    if (!linear.ok()) return linear;
    const int all = static_cast<int>(bias.size());
    if (absl::Status status = oracle_.Check(backend, linear->weights(), weights, in, all);
        !status.ok()) {
      return status;
    }
    return linear;
  }

  // As ReadLinear, into `linear`, by the layers' backend.
  void Bind(Linear& linear, const std::vector<std::string>& names, int in, int out) {
    Assign(linear, ReadLinear(*backends_.layers, names, in, out));
  }

  // The same by the head's.
  void BindHead(Linear& linear, const std::string& name, int in, int out) {
    Assign(linear, ReadLinear(*backends_.head, {name}, in, out));
  }

  const absl::Status& status() const { return status_; }
  uint64_t parameters() const { return parameters_; }
  std::chrono::nanoseconds kernel_check() const { return oracle_.time(); }
  const ModelMemory& memory() const { return memory_; }

  std::vector<std::string> UnusedTensors() const {
    std::vector<std::string> unused;
    for (std::string& name : checkpoint_.names()) {
      if (!used_.contains(name)) unused.push_back(std::move(name));
    }
    return unused;
  }

 private:
  // Of a layer whose weights are packed, so that they are not kept as they were read; beside it,
  // they are there twice while several are set one below the other.
  void AddLoading(const RowFormat& rows, uint64_t size) {
    memory_.weights -= size * (sizeof(float) - rows.bytes);
    memory_.loading = std::max(memory_.loading, 2 * size * sizeof(float));
  }

  void Assign(Linear& linear, absl::StatusOr<Linear> created) {
    if (created.ok()) {
      linear = *std::move(created);
    } else {
      status_.Update(created.status());
    }
  }

  const Checkpoint& checkpoint_;
  const std::string prefix_;
  const DistilBertBackends& backends_;
  Oracle oracle_;
  absl::Status status_;
  const Task task_;
  ModelMemory memory_;
  uint64_t parameters_ = 0;
  std::set<std::string> used_;
};

EncoderBlock ReadBlock(TensorReader& reader, const std::string& name, const ModelConfig& config) {
  const auto in_layer = [&name](const char* part) { return absl::StrCat(name, ".", part); };
  const int dim = config.dim;
  const int hidden_dim = config.hidden_dim;
  EncoderBlock block;
  reader.Bind(block.query, {in_layer("attention.q_lin")}, dim, dim);
  reader.Bind(block.key_value, {in_layer("attention.k_lin"), in_layer("attention.v_lin")}, dim,
              dim);
  reader.Bind(block.attention_output, {in_layer("attention.out_lin")}, dim, dim);
  block.attention_norm = reader.ReadLayerNorm(in_layer("sa_layer_norm"), dim);
  reader.Bind(block.feed_forward_in, {in_layer("ffn.lin1")}, dim, hidden_dim);
  reader.Bind(block.feed_forward_out, {in_layer("ffn.lin2")}, hidden_dim, dim);
  block.output_norm = reader.ReadLayerNorm(in_layer("output_layer_norm"), dim);
  return block;
}

absl::Status NoHead(const Checkpoint& checkpoint, const std::string& name) {
  return absl::InvalidArgumentError(absl::StrCat(
      "the checkpoint has no tensor '", name,
      "': expected a sequence classifier with the layers pre_classifier and classifier, found ",
      checkpoint.SomeNames()));
}

// What all names begin with; "" if they are the standard ones. torch.compile writes "_orig_mod.",
// DataParallel "module.", PEFT "base_model.model.".
absl::StatusOr<std::string> PrefixOf(const Checkpoint& checkpoint) {
  if (checkpoint.Contains(kHeadName)) return "";
  const std::vector<std::string> names = checkpoint.names();
  const auto head = std::find_if(names.begin(), names.end(), [](const std::string& name) {
    return absl::EndsWith(name, absl::StrCat(".", kHeadName));
  });
  if (head == names.end()) return NoHead(checkpoint, kHeadName);
  const std::string prefix = head->substr(0, head->size() - std::strlen(kHeadName));
  for (const std::string& name : names) {
    if (absl::StartsWith(name, prefix)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the checkpoint has ", Quoted(*head), ", but not all its names begin with ",
                     Quoted(prefix), ": it holds ", Quoted(name), ", ", checkpoint.SomeNames()));
  }
  return prefix;
}

// They would change the answer, and are none of our layers'.
absl::Status CheckNoLora(const std::vector<std::string>& unused) {
  for (const std::string& name : unused) {
    if (!absl::StrContains(name, ".lora_")) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the checkpoint holds LoRA weights, ", Quoted(name),
                     ", which are not applied: merge them before it is saved, with PEFT's "
                     "merge_and_unload()"));
  }
  return absl::OkStatus();
}

// Binds all layers into `weights`, but what only the reader knows.
absl::Status Bind(const Checkpoint& checkpoint, const ModelConfig& config, TensorReader& reader,
                  DistilBertWeights& weights) {
  const std::string& prefix = weights.prefix;
  if (const std::string name = absl::StrCat(prefix, "classifier.weight");
      !checkpoint.Contains(name)) {
    return NoHead(checkpoint, name);
  }
  const bool is_bare =
      checkpoint.Contains(absl::StrCat(prefix, "embeddings.word_embeddings.weight"));
  const std::string body = is_bare ? "" : "distilbert.";
  const std::string embeddings = absl::StrCat(body, "embeddings.");
  weights.word_embeddings = reader.Read(absl::StrCat(embeddings, "word_embeddings.weight"),
                                        {config.vocab_size, config.dim});
  weights.position_embeddings = reader.Read(absl::StrCat(embeddings, "position_embeddings.weight"),
                                            {config.max_position_embeddings, config.dim});
  weights.embedding_norm = reader.ReadLayerNorm(absl::StrCat(embeddings, "LayerNorm"), config.dim);
  for (int i = 0; i < config.n_layers && reader.status().ok(); ++i) {
    weights.blocks.push_back(
        ReadBlock(reader, absl::StrCat(body, "transformer.layer.", i), config));
  }
  reader.BindHead(weights.pre_classifier, "pre_classifier", config.dim, config.dim);
  reader.BindHead(weights.classifier, "classifier", config.dim,
                  static_cast<int>(config.labels.size()));
  if (!reader.status().ok()) return reader.status();
  weights.unused_tensors = reader.UnusedTensors();
  return CheckNoLora(weights.unused_tensors);
}

}  // namespace

absl::StatusOr<ModelMemory> CheckDistilBertWeights(const Checkpoint& checkpoint,
                                                   const ModelConfig& config,
                                                   const DistilBertBackends& backends) {
  const absl::StatusOr<std::string> prefix = PrefixOf(checkpoint);
  if (!prefix.ok()) return prefix.status();
  TensorReader reader(checkpoint, *prefix, backends, TensorReader::Task::kCheck);
  DistilBertWeights weights;
  weights.prefix = *prefix;
  if (absl::Status status = Bind(checkpoint, config, reader, weights); !status.ok()) return status;
  return reader.memory();
}

absl::StatusOr<DistilBertWeights> LoadDistilBertWeights(const Checkpoint& checkpoint,
                                                        const ModelConfig& config,
                                                        DistilBertBackends backends) {
  const absl::StatusOr<std::string> prefix = PrefixOf(checkpoint);
  if (!prefix.ok()) return prefix.status();
  TensorReader reader(checkpoint, *prefix, backends, TensorReader::Task::kRead);
  DistilBertWeights weights;
  weights.prefix = *prefix;
  if (absl::Status status = Bind(checkpoint, config, reader, weights); !status.ok()) return status;
  weights.parameters = reader.parameters();
  weights.kernel_check = reader.kernel_check();
  weights.backends = std::move(backends);
  return weights;
}

}  // namespace verdict
