#include "engine/models/architectures.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace verdict {
namespace {

// The largest values are far above any published model's, and small enough that no product of two
// overflows 64 bits, nor a sum of integers 32.
constexpr int kMostPositions = 1'000'000;
constexpr int kMostLayers = 256;
constexpr int kMostTokenTypes = 1000;

constexpr Dimension VocabSize(int default_value) {
  return {"vocab_size", nullptr, &ModelConfig::vocab_size, default_value, 1, 10'000'000};
}

constexpr Dimension kPositions = {"max_position_embeddings",
                                  nullptr,
                                  &ModelConfig::max_position_embeddings,
                                  512,
                                  kLeastTokens,
                                  kMostPositions};

// A number of columns.
constexpr Dimension Width(const char* name, const char* alias, int ModelConfig::*value,
                          int default_value) {
  return {name, alias, value, default_value, 1, kMaxWidth};
}

constexpr Dimension kHiddenSize = Width("hidden_size", nullptr, &ModelConfig::dim, 768);
constexpr Dimension kIntermediateSize =
    Width("intermediate_size", nullptr, &ModelConfig::hidden_dim, 3072);
constexpr Dimension kLayers = {"num_hidden_layers", nullptr, &ModelConfig::n_layers, 12, 1,
                               kMostLayers};
constexpr Dimension kHeads = Width("num_attention_heads", nullptr, &ModelConfig::n_heads, 12);
constexpr Dimension kTokenTypes = {"type_vocab_size", nullptr, &ModelConfig::token_types, 2, 1,
                                   kMostTokenTypes};
constexpr Dimension kPadding = {"pad_token_id", nullptr, &ModelConfig::padding_id, 1, 0,
                                kMostPositions};

constexpr std::array kDistilBertDimensions = {
    VocabSize(30'522),
    kPositions,
    Width("dim", "hidden_size", &ModelConfig::dim, 768),
    Width("hidden_dim", nullptr, &ModelConfig::hidden_dim, 3072),
    Dimension{"n_layers", "num_hidden_layers", &ModelConfig::n_layers, 6, 1, kMostLayers},
    Width("n_heads", "num_attention_heads", &ModelConfig::n_heads, 12),
};
constexpr std::array kBertDimensions = {
    VocabSize(30'522), kPositions, kHiddenSize, kIntermediateSize, kLayers, kHeads, kTokenTypes,
};
constexpr std::array kElectraDimensions = {
    VocabSize(30'522),
    kPositions,
    Width("embedding_size", nullptr, &ModelConfig::embedding_dim, 128),
    Width("hidden_size", nullptr, &ModelConfig::dim, 256),
    Width("intermediate_size", nullptr, &ModelConfig::hidden_dim, 1024),
    kLayers,
    Width("num_attention_heads", nullptr, &ModelConfig::n_heads, 4),
    kTokenTypes,
};
constexpr std::array kRobertaDimensions = {
    VocabSize(50'265), kPositions, kHiddenSize, kIntermediateSize,
    kLayers,           kHeads,     kTokenTypes, kPadding,
};
// XLM-RoBERTa's and CamemBERT's defaults differ from RoBERTa's by the vocabulary.
constexpr std::array kXlmRobertaDimensions = {
    VocabSize(30'522), kPositions, kHiddenSize, kIntermediateSize,
    kLayers,           kHeads,     kTokenTypes, kPadding,
};

constexpr std::array kUnreadByDistilBert = {"hidden_act", "intermediate_size", "layer_norm_eps"};

constexpr ConfigNames ConfigOf(absl::Span<const Dimension> dimensions) {
  return {.dimensions = dimensions,
          .activation = "hidden_act",
          .layer_norm_epsilon = "layer_norm_eps",
          .unread = {}};
}

constexpr BlockNames kBertBlock = {.query = "attention.self.query",
                                   .key = "attention.self.key",
                                   .value = "attention.self.value",
                                   .attention_output = "attention.output.dense",
                                   .attention_norm = "attention.output.LayerNorm",
                                   .feed_forward_in = "intermediate.dense",
                                   .feed_forward_out = "output.dense",
                                   .output_norm = "output.LayerNorm"};

constexpr Architecture kDistilBert = {
    .model_type = "distilbert",
    .class_stem = "DistilBert",
    .config = {.dimensions = kDistilBertDimensions,
               .activation = "activation",
               .layer_norm_epsilon = nullptr,
               .unread = kUnreadByDistilBert},
    .body = "distilbert.",
    .blocks = "transformer.layer.",
    .block = {.query = "attention.q_lin",
              .key = "attention.k_lin",
              .value = "attention.v_lin",
              .attention_output = "attention.out_lin",
              .attention_norm = "sa_layer_norm",
              .feed_forward_in = "ffn.lin1",
              .feed_forward_out = "ffn.lin2",
              .output_norm = "output_layer_norm"},
    .head = {.dense = "pre_classifier",
             .dense_is_in_body = false,
             .activation = Epilogue::kBiasRelu,
             .classifier = "classifier"},
};

constexpr Architecture kBert = {
    .model_type = "bert",
    .class_stem = "Bert",
    .config = ConfigOf(kBertDimensions),
    .body = "bert.",
    .blocks = "encoder.layer.",
    .block = kBertBlock,
    .head = {.dense = "pooler.dense",
             .dense_is_in_body = true,
             .activation = Epilogue::kBiasTanh,
             .classifier = "classifier"},
};

// The head's GELU is the exact one whatever hidden_act says.
constexpr Architecture kElectra = {
    .model_type = "electra",
    .class_stem = "Electra",
    .config = ConfigOf(kElectraDimensions),
    .body = "electra.",
    .blocks = "encoder.layer.",
    .block = kBertBlock,
    .head = {.dense = "classifier.dense",
             .dense_is_in_body = false,
             .activation = Epilogue::kBiasGelu,
             .classifier = "classifier.out_proj"},
};

// All of its kind name their bodies alike.
constexpr Architecture RobertaKind(const char* model_type, const char* class_stem,
                                   absl::Span<const Dimension> dimensions) {
  return {.model_type = model_type,
          .class_stem = class_stem,
          .config = ConfigOf(dimensions),
          .body = "roberta.",
          .blocks = "encoder.layer.",
          .block = kBertBlock,
          .head = {.dense = "classifier.dense",
                   .dense_is_in_body = false,
                   .activation = Epilogue::kBiasTanh,
                   .classifier = "classifier.out_proj"}};
}

// By model type.
constexpr std::array kArchitectures = {
    kBert,
    RobertaKind("camembert", "Camembert", kXlmRobertaDimensions),
    kDistilBert,
    kElectra,
    RobertaKind("roberta", "Roberta", kRobertaDimensions),
    RobertaKind("xlm-roberta", "XLMRoberta", kXlmRobertaDimensions),
};

// transformers' classes with another head, or none. Their weights are no sequence classifier's.
constexpr std::array<std::string_view, 9> kOtherHeads = {"Model",
                                                         "ForMaskedLM",
                                                         "ForTokenClassification",
                                                         "ForQuestionAnswering",
                                                         "ForMultipleChoice",
                                                         "ForPreTraining",
                                                         "ForNextSentencePrediction",
                                                         "ForCausalLM",
                                                         "LMHeadModel"};

}  // namespace

std::string Architecture::class_name() const {
  return absl::StrCat(class_stem, "ForSequenceClassification");
}

bool Architecture::IsOtherHead(std::string_view name) const {
  const std::string_view stem = class_stem;
  return name.substr(0, stem.size()) == stem &&
         std::find(kOtherHeads.begin(), kOtherHeads.end(), name.substr(stem.size())) !=
             kOtherHeads.end();
}

const Architecture* FindArchitecture(std::string_view model_type) {
  const auto found =
      std::find_if(kArchitectures.begin(), kArchitectures.end(),
                   [model_type](const Architecture& one) { return one.model_type == model_type; });
  return found == kArchitectures.end() ? nullptr : &*found;
}

std::string ServedModelTypes() {
  return absl::StrJoin(kArchitectures, ", ",
                       [](std::string* out, const Architecture& one) { *out += one.model_type; });
}

}  // namespace verdict
