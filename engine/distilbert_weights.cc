#include "engine/distilbert_weights.h"

#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace verdict {
namespace {

// Reads tensors one after another and remembers the first error, so that the binding below reads as
// a list of names and shapes. After an error every read gives nothing.
class TensorReader {
 public:
  TensorReader(const Checkpoint& checkpoint, ProductKind products)
      : checkpoint_(checkpoint), products_(products) {}

  std::vector<float> Read(const std::string& name, const std::vector<int64_t>& shape) {
    if (!status_.ok()) return {};
    auto values = checkpoint_.Read(name, shape);
    if (!values.ok()) {
      status_ = values.status();
      return {};
    }
    parameters_ += values->size();
    used_.insert(name);
    return *std::move(values);
  }

  LayerNormParameters ReadLayerNorm(const std::string& name, int dim) {
    return {.gain = Read(absl::StrCat(name, ".weight"), {dim}),
            .bias = Read(absl::StrCat(name, ".bias"), {dim})};
  }

  // One linear layer of the layers `names`, each [out, in], set one below the other.
  absl::StatusOr<Linear> ReadLinear(InnerProductCache& products,
                                    const std::vector<std::string>& names, int in, int out) {
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
    return Linear::Create(products, weights, bias);
  }

  // As ReadLinear, into `linear`, in the encoder's kind of products.
  void Bind(Linear& linear, const std::vector<std::string>& names, int in, int out) {
    Assign(linear, ReadLinear(products_, names, in, out));
  }

  // The head's layers are a thousandth of the work and decide the label: float32 in every
  // precision.
  void BindHead(Linear& linear, const std::string& name, int in, int out) {
    Assign(linear, ReadLinear(head_products_, {name}, in, out));
  }

  const absl::Status& status() const { return status_; }
  uint64_t parameters() const { return parameters_; }
  std::set<std::string> kernels() const { return products_.kernels(); }

  std::vector<std::string> UnusedTensors() const {
    std::vector<std::string> unused;
    for (std::string& name : checkpoint_.names()) {
      if (!used_.contains(name)) unused.push_back(std::move(name));
    }
    return unused;
  }

 private:
  void Assign(Linear& linear, absl::StatusOr<Linear> created) {
    if (created.ok()) {
      linear = *std::move(created);
    } else {
      status_.Update(created.status());
    }
  }

  const Checkpoint& checkpoint_;
  InnerProductCache products_;
  InnerProductCache head_products_{{Precision::kF32, Kernels::kPanels}};
  absl::Status status_;
  uint64_t parameters_ = 0;
  std::set<std::string> used_;
};

TransformerLayer ReadLayer(TensorReader& reader, const std::string& name,
                           const ModelConfig& config) {
  const auto in_layer = [&name](const char* part) { return absl::StrCat(name, ".", part); };
  const int dim = config.dim;
  const int hidden_dim = config.hidden_dim;
  TransformerLayer layer;
  reader.Bind(layer.query, {in_layer("attention.q_lin")}, dim, dim);
  reader.Bind(layer.key_value, {in_layer("attention.k_lin"), in_layer("attention.v_lin")}, dim,
              dim);
  reader.Bind(layer.attention_output, {in_layer("attention.out_lin")}, dim, dim);
  layer.attention_norm = reader.ReadLayerNorm(in_layer("sa_layer_norm"), dim);
  reader.Bind(layer.feed_forward_in, {in_layer("ffn.lin1")}, dim, hidden_dim);
  reader.Bind(layer.feed_forward_out, {in_layer("ffn.lin2")}, hidden_dim, dim);
  layer.output_norm = reader.ReadLayerNorm(in_layer("output_layer_norm"), dim);
  return layer;
}

absl::Status CheckHead(const Checkpoint& checkpoint) {
  for (const char* layer : {"pre_classifier", "classifier"}) {
    if (!checkpoint.Contains(absl::StrCat(layer, ".weight"))) {
      return absl::InvalidArgumentError(
          absl::StrCat("the checkpoint has no tensor '", layer,
                       ".weight': expected a sequence classifier with the layers pre_classifier "
                       "and classifier, found "
                       "a body without its head"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DistilBertWeights> LoadDistilBertWeights(const Checkpoint& checkpoint,
                                                        const ModelConfig& config,
                                                        ProductKind products) {
  if (absl::Status status = CheckHead(checkpoint); !status.ok()) return status;
  const std::string body =
      checkpoint.Contains("embeddings.word_embeddings.weight") ? "" : "distilbert.";
  const std::string embeddings = absl::StrCat(body, "embeddings.");
  const int labels = static_cast<int>(config.labels.size());

  TensorReader reader(checkpoint, products);
  DistilBertWeights weights;
  weights.word_embeddings = reader.Read(absl::StrCat(embeddings, "word_embeddings.weight"),
                                        {config.vocab_size, config.dim});
  weights.position_embeddings = reader.Read(absl::StrCat(embeddings, "position_embeddings.weight"),
                                            {config.max_position_embeddings, config.dim});
  weights.embedding_norm = reader.ReadLayerNorm(absl::StrCat(embeddings, "LayerNorm"), config.dim);
  for (int i = 0; i < config.n_layers && reader.status().ok(); ++i) {
    weights.layers.push_back(
        ReadLayer(reader, absl::StrCat(body, "transformer.layer.", i), config));
  }
  reader.BindHead(weights.pre_classifier, "pre_classifier", config.dim, config.dim);
  reader.BindHead(weights.classifier, "classifier", config.dim, labels);
  if (!reader.status().ok()) return reader.status();
  weights.products = products;
  weights.kernels = reader.kernels();
  weights.parameters = reader.parameters();
  weights.unused_tensors = reader.UnusedTensors();
  return weights;
}

}  // namespace verdict
