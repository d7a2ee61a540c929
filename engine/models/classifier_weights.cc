#include "engine/models/classifier_weights.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/files/quoted.h"
#include "engine/models/architectures.h"

namespace verdict {
namespace {

static_assert(kMaxWidth <= kMaxIn);

// What a body's checkpoint may hold beside its classifier: buffers, and the heads with which it was
// trained before. Names after the body's prefix.
constexpr std::array<std::string_view, 9> kLeftovers = {
    "embeddings.position_ids",    "embeddings.token_type_ids", "pooler.dense.",
    "cls.predictions.",           "cls.seq_relationship.",     "lm_head.",
    "discriminator_predictions.", "generator_predictions.",    "generator_lm_head.",
};

// The names of one checkpoint: of its architecture, with or without the body's prefix.
class Names {
 public:
  Names(const Architecture& architecture, const std::string& prefix, const Checkpoint& checkpoint)
      : architecture_(architecture) {
    const bool is_bare =
        checkpoint.Contains(absl::StrCat(prefix, "embeddings.word_embeddings.weight"));
    body_ = is_bare ? "" : architecture.body;
  }

  std::string Embedding(const char* name) const { return absl::StrCat(body_, "embeddings.", name); }
  std::string InBody(const char* name) const { return absl::StrCat(body_, name); }
  std::string Block(int index) const {
    return absl::StrCat(body_, architecture_.blocks, index, ".");
  }
  std::string HeadDense() const {
    const HeadNames& head = architecture_.head;
    return absl::StrCat(head.dense_is_in_body ? body_ : "", head.dense);
  }

  bool IsLeftover(std::string_view name) const {
    if (name.starts_with(body_)) name.remove_prefix(body_.size());
    return std::any_of(kLeftovers.begin(), kLeftovers.end(),
                       [name](std::string_view beginning) { return name.starts_with(beginning); });
  }

 private:
  const Architecture& architecture_;
  std::string body_;
};

EmbeddingWeights ReadEmbeddings(TensorReader& reader, const Names& names,
                                const ModelConfig& config) {
  const int dim = config.embedding_dim;
  EmbeddingWeights weights;
  weights.words = reader.Read(names.Embedding("word_embeddings.weight"), {config.vocab_size, dim});
  weights.positions = reader.Read(names.Embedding("position_embeddings.weight"),
                                  {config.max_position_embeddings, dim});
  if (config.token_types > 0) {
    const std::vector<float> types =
        reader.Read(names.Embedding("token_type_embeddings.weight"), {config.token_types, dim});
    if (!types.empty()) weights.AddTokenTypes(types, config);
  }
  weights.norm = reader.ReadLayerNorm(names.Embedding("LayerNorm"), dim, config.layer_norm_epsilon);
  if (dim != config.dim) {
    reader.Bind(weights.projection, {names.InBody("embeddings_project")}, dim, config.dim);
  }
  return weights;
}

EncoderBlock ReadBlock(TensorReader& reader, const std::string& name, const ModelConfig& config) {
  const BlockNames& names = config.architecture->block;
  const auto of_block = [&name](const char* part) { return absl::StrCat(name, part); };
  const int dim = config.dim;
  const int hidden_dim = config.hidden_dim;
  const float epsilon = config.layer_norm_epsilon;
  EncoderBlock block;
  reader.Bind(block.query, {of_block(names.query)}, dim, dim);
  reader.Bind(block.key_value, {of_block(names.key), of_block(names.value)}, dim, dim);
  reader.Bind(block.attention_output, {of_block(names.attention_output)}, dim, dim);
  block.attention_norm = reader.ReadLayerNorm(of_block(names.attention_norm), dim, epsilon);
  reader.Bind(block.feed_forward_in, {of_block(names.feed_forward_in)}, dim, hidden_dim);
  reader.Bind(block.feed_forward_out, {of_block(names.feed_forward_out)}, hidden_dim, dim);
  block.output_norm = reader.ReadLayerNorm(of_block(names.output_norm), dim, epsilon);
  return block;
}

absl::Status NoHead(const Checkpoint& checkpoint, const HeadNames& head, const std::string& name) {
  return absl::InvalidArgumentError(absl::StrCat(
      "the checkpoint has no tensor '", name, "': expected a sequence classifier with the layers ",
      head.dense, " and ", head.classifier, ", found ", checkpoint.SomeNames()));
}

// A tensor of the head whose standard name does not depend on the body's prefix.
std::string FirstOfHead(const HeadNames& head) {
  return absl::StrCat(head.dense_is_in_body ? head.classifier : head.dense, ".weight");
}

// What all names begin with; "" if they are the standard ones. torch.compile writes "_orig_mod.",
// DataParallel "module.", PEFT "base_model.model.".
absl::StatusOr<std::string> PrefixOf(const Checkpoint& checkpoint, const HeadNames& head_names) {
  const std::string standard = FirstOfHead(head_names);
  if (checkpoint.Contains(standard)) return "";
  const std::vector<std::string> names = checkpoint.names();
  const auto head = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
    return absl::EndsWith(name, absl::StrCat(".", standard));
  });
  if (head == names.end()) return NoHead(checkpoint, head_names, standard);
  const std::string prefix = head->substr(0, head->size() - standard.size());
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

// Both of the head's layers are there, by name.
absl::Status CheckHead(const Checkpoint& checkpoint, const HeadNames& head, const Names& names,
                       const std::string& prefix) {
  for (const std::string& layer : {names.HeadDense(), std::string(head.classifier)}) {
    const std::string name = absl::StrCat(prefix, layer, ".weight");
    if (!checkpoint.Contains(name)) return NoHead(checkpoint, head, name);
  }
  return absl::OkStatus();
}

// Binds all layers into `weights`, but what only the reader knows.
absl::Status Bind(const Checkpoint& checkpoint, const ModelConfig& config, TensorReader& reader,
                  ClassifierWeights& weights) {
  const Architecture& architecture = *config.architecture;
  const Names names(architecture, weights.prefix, checkpoint);
  if (absl::Status status = CheckHead(checkpoint, architecture.head, names, weights.prefix);
      !status.ok()) {
    return status;
  }
  weights.embeddings = ReadEmbeddings(reader, names, config);
  for (int i = 0; i < config.n_layers && reader.status().ok(); ++i) {
    weights.blocks.push_back(ReadBlock(reader, names.Block(i), config));
  }
  HeadWeights& head = weights.head;
  head.activation = architecture.head.activation;
  reader.BindHead(head.dense, names.HeadDense(), config.dim, config.dim);
  reader.BindHead(head.classifier, architecture.head.classifier, config.dim,
                  static_cast<int>(config.labels.size()));
  if (!reader.status().ok()) return reader.status();
  weights.unused_tensors = reader.UnusedTensors();
  std::erase_if(weights.unused_tensors, [&](const std::string& name) {
    return names.IsLeftover(std::string_view(name).substr(weights.prefix.size()));
  });
  return CheckNoLora(weights.unused_tensors);
}

}  // namespace

absl::StatusOr<ModelMemory> CheckClassifierWeights(const Checkpoint& checkpoint,
                                                   const ModelConfig& config,
                                                   const ClassifierBackends& backends) {
  const absl::StatusOr<std::string> prefix = PrefixOf(checkpoint, config.architecture->head);
  if (!prefix.ok()) return prefix.status();
  TensorReader reader(checkpoint, *prefix, backends, TensorReader::Task::kCheck);
  ClassifierWeights weights;
  weights.prefix = *prefix;
  if (absl::Status status = Bind(checkpoint, config, reader, weights); !status.ok()) return status;
  ModelMemory memory = reader.memory();
  memory.weights += EmbeddingWeights::MoreBytes(config);
  return memory;
}

absl::StatusOr<ClassifierWeights> LoadClassifierWeights(const Checkpoint& checkpoint,
                                                        const ModelConfig& config,
                                                        ClassifierBackends backends) {
  const absl::StatusOr<std::string> prefix = PrefixOf(checkpoint, config.architecture->head);
  if (!prefix.ok()) return prefix.status();
  TensorReader reader(checkpoint, *prefix, backends, TensorReader::Task::kRead);
  ClassifierWeights weights;
  weights.prefix = *prefix;
  if (absl::Status status = Bind(checkpoint, config, reader, weights); !status.ok()) return status;
  weights.parameters = reader.parameters();
  weights.kernel_check = reader.kernel_check();
  weights.backends = std::move(backends);
  return weights;
}

}  // namespace verdict
