#include "engine/models/config.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "engine/files/json_file.h"
#include "engine/files/quoted.h"

namespace verdict {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxConfigBytes = 1 << 20;
constexpr char kArchitecture[] = "DistilBertForSequenceClassification";

// A field that sizes the model: its range, and transformers' default. The largest values are far
// above any published model's, and small enough that no product of two overflows 64 bits, nor a sum
// of integers 32.
struct Dimension {
  const char* name;
  const char* alias;  // another name of it, or null: DistilBertConfig's attribute_map
  int ModelConfig::*value;
  int default_value;
  int least;
  int most;
};
constexpr std::array kDimensions = {
    Dimension{"vocab_size", nullptr, &ModelConfig::vocab_size, 30'522, 1, 10'000'000},
    Dimension{"max_position_embeddings", nullptr, &ModelConfig::max_position_embeddings, 512,
              kLeastTokens, 1'000'000},
    Dimension{"dim", "hidden_size", &ModelConfig::dim, 768, 1, kMaxWidth},
    Dimension{"hidden_dim", nullptr, &ModelConfig::hidden_dim, 3072, 1, kMaxWidth},
    Dimension{"n_layers", "num_hidden_layers", &ModelConfig::n_layers, 6, 1, 256},
    Dimension{"n_heads", "num_attention_heads", &ModelConfig::n_heads, 12, 1, kMaxWidth},
};
constexpr uint64_t kMaxLabels = 10'000;
constexpr size_t kMaxLabelBytes = 1'000;

// Without id2label and num_labels, a transformers model has this many.
constexpr int kDefaultLabels = 2;

// A value of a field, and the word that config.json has for it.
template <typename Value>
struct Word {
  const char* name;
  Value value;
};
constexpr std::array kProblemTypes = {
    Word<ProblemType>{"regression", ProblemType::kRegression},
    Word<ProblemType>{"single_label_classification", ProblemType::kSingleLabelClassification},
    Word<ProblemType>{"multi_label_classification", ProblemType::kMultiLabelClassification},
};

// transformers' ACT2FN, as far as we compute it.
constexpr std::array kActivations = {
    Word<HiddenActivation>{"gelu", HiddenActivation::kGelu},
    Word<HiddenActivation>{"gelu_python", HiddenActivation::kGelu},
    Word<HiddenActivation>{"gelu_10", HiddenActivation::kGelu10},
    Word<HiddenActivation>{"gelu_new", HiddenActivation::kGeluTanh},
    Word<HiddenActivation>{"gelu_fast", HiddenActivation::kGeluTanh},
    Word<HiddenActivation>{"gelu_accurate", HiddenActivation::kGeluTanh},
    Word<HiddenActivation>{"gelu_pytorch_tanh", HiddenActivation::kGeluTanh},
    Word<HiddenActivation>{"gelu_python_tanh", HiddenActivation::kGeluTanh},
    Word<HiddenActivation>{"quick_gelu", HiddenActivation::kQuickGelu},
    Word<HiddenActivation>{"silu", HiddenActivation::kSilu},
    Word<HiddenActivation>{"swish", HiddenActivation::kSilu},
    Word<HiddenActivation>{"relu", HiddenActivation::kRelu},
};

// Fields of other architectures, which transformers keeps for DistilBERT without reading them.
constexpr std::array kUnreadFields = {"hidden_act", "intermediate_size", "layer_norm_eps"};

// transformers' other heads on the same body. Their weights are no sequence classifier's.
constexpr std::array kOtherHeads = {
    "DistilBertModel", "DistilBertForMaskedLM", "DistilBertForTokenClassification",
    "DistilBertForQuestionAnswering", "DistilBertForMultipleChoice"};

absl::Status FieldError(const char* field, const std::string& expected, const std::string& found) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", field, "\": expected ", expected, ", found ", found));
}

// The member `field`; null if it is missing or null, which mean the same in this file.
const Json* Find(const Json& config, const char* field) {
  const auto found = config.find(field);
  return found == config.end() || found->is_null() ? nullptr : &*found;
}

std::string FoundText(const Json* value) { return value ? ValueText(*value) : "nothing"; }

bool IsString(const Json* value, const std::string& expected) {
  return value != nullptr && value->is_string() && value->get_ref<const std::string&>() == expected;
}

bool IsWholeNumber(const Json* value, uint64_t least, uint64_t most) {
  return value != nullptr && value->is_number_unsigned() && value->get<uint64_t>() >= least &&
         value->get<uint64_t>() <= most;
}

// The names in a list of strings, e.g. ["a", "b"].
std::string ListText(const Json& list) {
  return absl::StrCat("[",
                      absl::StrJoin(list, ", ",
                                    [](std::string* out, const Json& item) {
                                      absl::StrAppend(out, ValueText(item));
                                    }),
                      "]");
}

absl::Status CheckArchitecture(const Json& json, ModelConfig& config) {
  if (const Json* type = Find(json, "model_type"); !IsString(type, "distilbert")) {
    return FieldError("model_type", "\"distilbert\"", FoundText(type));
  }
  const Json* architectures = Find(json, "architectures");
  if (architectures == nullptr) return absl::OkStatus();
  const std::string expected = absl::StrCat("[\"", kArchitecture, "\"]");
  if (!architectures->is_array()) {
    return FieldError("architectures", expected, ValueText(*architectures));
  }
  const auto names = [architectures](const char* name) {
    return std::any_of(architectures->begin(), architectures->end(),
                       [name](const Json& one) { return IsString(&one, name); });
  };
  if (architectures->empty() || names(kArchitecture)) return absl::OkStatus();
  for (const char* head : kOtherHeads) {
    if (names(head)) return FieldError("architectures", expected, ListText(*architectures));
  }
  config.warnings.push_back(
      absl::StrCat("config.json: \"architectures\" is ", ListText(*architectures),
                   ", whose code is not run: the model is computed as ", kArchitecture));
  return absl::OkStatus();
}

// What would change the computation, and is refused; and what may look as if, and is not read.
absl::Status CheckOtherFields(const Json& json, ModelConfig& config) {
  if (const Json* quantization = Find(json, "quantization_config")) {
    const Json* method = quantization->is_object() ? Find(*quantization, "quant_method") : nullptr;
    return absl::InvalidArgumentError(absl::StrCat(
        "\"quantization_config\": the weights are quantized (quant_method ", FoundText(method),
        "), which is not supported: save the model without quantization; --precision int8 "
        "quantizes at load"));
  }
  if (const Json* heads = Find(json, "pruned_heads"); heads != nullptr && !heads->empty()) {
    return FieldError("pruned_heads", "none, as pruned heads are not supported", ValueText(*heads));
  }
  if (Find(json, "auto_map") != nullptr) {
    config.warnings.push_back(
        "config.json: \"auto_map\" names code of the model's own, which is not run");
  }
  for (const char* field : kUnreadFields) {
    if (Find(json, field) == nullptr) continue;
    config.warnings.push_back(absl::StrCat("config.json: \"", field,
                                           "\" is no field of DistilBERT's and is not read, as in "
                                           "transformers"));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> ReadDimension(const Json& json, const Dimension& dimension,
                                  ModelConfig& config) {
  const Json* value = Find(json, dimension.name);
  const Json* alias = dimension.alias == nullptr ? nullptr : Find(json, dimension.alias);
  if (value == nullptr && alias == nullptr) {
    absl::StrAppend(&config.defaults, config.defaults.empty() ? "" : ", ", dimension.name, " ",
                    dimension.default_value);
    return dimension.default_value;
  }
  if (value != nullptr && alias != nullptr && *value != *alias) {
    return FieldError(
        dimension.name,
        absl::StrCat("the same as its other name \"", dimension.alias, "\", ", ValueText(*alias)),
        ValueText(*value));
  }
  const char* name = value == nullptr ? dimension.alias : dimension.name;
  if (value == nullptr) value = alias;
  if (!IsWholeNumber(value, dimension.least, dimension.most)) {
    return FieldError(name,
                      absl::StrCat("a whole number from ", dimension.least, " to ", dimension.most),
                      FoundText(value));
  }
  return value->get<int>();
}

absl::Status ReadDimensions(const Json& json, ModelConfig& config) {
  for (const Dimension& dimension : kDimensions) {
    const absl::StatusOr<int> value = ReadDimension(json, dimension, config);
    if (!value.ok()) return value.status();
    config.*dimension.value = *value;
  }
  if (config.dim % config.n_heads != 0) {
    return FieldError("dim", absl::StrCat("a multiple of \"n_heads\", ", config.n_heads),
                      absl::StrCat(config.dim));
  }
  return absl::OkStatus();
}

// The value that the field's word stands for, or `otherwise` without the field. INVALID_ARGUMENT
// names all words.
template <typename Value>
absl::StatusOr<Value> ReadWord(const Json& config, const char* field,
                               absl::Span<const Word<Value>> words, Value otherwise) {
  const Json* found = Find(config, field);
  if (found == nullptr) return otherwise;
  for (const Word<Value>& word : words) {
    if (IsString(found, word.name)) return word.value;
  }
  const std::string names = absl::StrJoin(
      words, ", ", [](std::string* out, const Word<Value>& word) { *out += word.name; });
  return FieldError(field, absl::StrCat("one of ", names), FoundText(found));
}

std::vector<std::string> NumberedLabels(uint64_t count) {
  std::vector<std::string> labels;
  for (uint64_t i = 0; i < count; ++i) labels.push_back(absl::StrCat("LABEL_", i));
  return labels;
}

// {"0": "NEGATIVE", "1": "POSITIVE"}: every index from 0 on, none left out.
absl::StatusOr<std::vector<std::string>> ReadNamedLabels(const Json& id2label) {
  if (!id2label.is_object() || id2label.empty() || id2label.size() > kMaxLabels) {
    return FieldError(
        "id2label", absl::StrCat("an object of 1 to ", kMaxLabels, " labels"),
        id2label.is_object() ? absl::StrCat("one of ", id2label.size()) : ValueText(id2label));
  }
  std::vector<std::string> labels;
  for (size_t i = 0; i < id2label.size(); ++i) {
    const auto label = id2label.find(absl::StrCat(i));
    if (label == id2label.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"id2label\": has ", id2label.size(), " labels, but none for index ", i));
    }
    const bool is_name = label->is_string() && !label->get_ref<const std::string&>().empty() &&
                         label->get_ref<const std::string&>().size() <= kMaxLabelBytes;
    if (!is_name) {
      return absl::InvalidArgumentError(absl::StrCat("\"id2label\": index ", i,
                                                     ": expected a name of 1 to ", kMaxLabelBytes,
                                                     " bytes, found ", ValueText(*label)));
    }
    labels.push_back(label->get<std::string>());
  }
  return labels;
}

// `label2id` is the inverse of id2label for training, and gives no label its name.
void WarnOfLabel2Id(const Json& json, ModelConfig& config) {
  const Json* label2id = Find(json, "label2id");
  if (label2id == nullptr || !label2id->is_object()) return;
  if (Find(json, "id2label") == nullptr) {
    config.warnings.push_back(
        "config.json: has \"label2id\" but no \"id2label\": the labels are called LABEL_0 and so "
        "on, as in transformers; add id2label to name them");
    return;
  }
  for (const auto& [label, index] : label2id->items()) {
    const bool agrees = IsWholeNumber(&index, 0, config.labels.size() - 1) &&
                        config.labels[index.get<size_t>()] == label;
    if (agrees) continue;
    config.warnings.push_back(
        absl::StrCat("config.json: \"label2id\" has ", Quoted(label), " as ", ValueText(index),
                     ", which \"id2label\" has not: id2label counts, as in transformers"));
    return;
  }
}

// transformers takes num_labels where it differs from id2label, and forgets the names: here the two
// must agree.
absl::Status ReadLabels(const Json& json, ModelConfig& config) {
  const Json* count = Find(json, "num_labels");
  if (count != nullptr && !IsWholeNumber(count, 1, kMaxLabels)) {
    return FieldError("num_labels", absl::StrCat("a whole number from 1 to ", kMaxLabels),
                      FoundText(count));
  }
  const Json* id2label = Find(json, "id2label");
  if (id2label == nullptr) {
    config.labels = NumberedLabels(count == nullptr ? kDefaultLabels : count->get<uint64_t>());
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<std::string>> labels = ReadNamedLabels(*id2label);
  if (!labels.ok()) return labels.status();
  config.labels = *std::move(labels);
  if (count != nullptr && count->get<uint64_t>() != config.labels.size()) {
    return FieldError("num_labels",
                      absl::StrCat("as many as \"id2label\" has, ", config.labels.size()),
                      ValueText(*count));
  }
  return absl::OkStatus();
}

// Softmax over one label is 1 for every text. transformers refuses it too.
absl::Status CheckScoresSaySomething(const ModelConfig& config) {
  if (config.problem_type != ProblemType::kSingleLabelClassification || config.labels.size() > 1) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "\"problem_type\": single_label_classification needs two labels or more, and the model has "
      "one, whose softmax is 1 for every text: write multi_label_classification for a sigmoid, or "
      "regression for the logit");
}

absl::StatusOr<ModelConfig> ParseConfig(const Json& json) {
  ModelConfig config;
  if (absl::Status status = CheckArchitecture(json, config); !status.ok()) return status;
  if (absl::Status status = CheckOtherFields(json, config); !status.ok()) return status;
  if (absl::Status status = ReadDimensions(json, config); !status.ok()) return status;
  const absl::StatusOr<HiddenActivation> activation =
      ReadWord<HiddenActivation>(json, "activation", kActivations, HiddenActivation::kGelu);
  if (!activation.ok()) return activation.status();
  config.activation = *activation;
  const absl::StatusOr<ProblemType> problem_type =
      ReadWord<ProblemType>(json, "problem_type", kProblemTypes, ProblemType::kUnspecified);
  if (!problem_type.ok()) return problem_type.status();
  config.problem_type = *problem_type;
  if (absl::Status status = ReadLabels(json, config); !status.ok()) return status;
  WarnOfLabel2Id(json, config);
  if (absl::Status status = CheckScoresSaySomething(config); !status.ok()) return status;
  return config;
}

}  // namespace

std::string_view ProblemTypeName(ProblemType type) {
  for (const Word<ProblemType>& row : kProblemTypes) {
    if (row.value == type) return row.name;
  }
  return "";
}

void ModelConfig::LowerMaxTokens(int tokens, const std::string& source) {
  if (tokens >= max_tokens()) return;
  token_limit = tokens;
  token_limit_source = source;
}

absl::StatusOr<ModelConfig> LoadModelConfig(const std::string& directory) {
  const std::string path = (std::filesystem::path(directory) / "config.json").string();
  const absl::StatusOr<Json> json = ReadJsonFile(path, kMaxConfigBytes);
  if (!json.ok()) return json.status();
  absl::StatusOr<ModelConfig> config = ParseConfig(*json);
  if (!config.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", config.status().message()));
  }
  return config;
}

}  // namespace verdict
