#include "engine/config.h"

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
#include "engine/json_file.h"
#include "engine/product_kind.h"

namespace verdict {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxConfigBytes = 1 << 20;
constexpr char kArchitecture[] = "DistilBertForSequenceClassification";

// A field that sizes the model, and its range. The largest values are far above any published
// model's, and small enough that no product of two overflows 64 bits, nor a sum of integers 32.
struct Dimension {
  const char* name;
  int ModelConfig::*value;
  int least;
  int most;
};
constexpr std::array kDimensions = {
    Dimension{"vocab_size", &ModelConfig::vocab_size, 1, 10'000'000},
    // At least room for a pair's [CLS] [SEP] [SEP].
    Dimension{"max_position_embeddings", &ModelConfig::max_position_embeddings, 3, 1'000'000},
    Dimension{"dim", &ModelConfig::dim, 1, kMaxIn},
    Dimension{"hidden_dim", &ModelConfig::hidden_dim, 1, kMaxIn},
    Dimension{"n_layers", &ModelConfig::n_layers, 1, 256},
    Dimension{"n_heads", &ModelConfig::n_heads, 1, kMaxIn},
};
constexpr uint64_t kMaxLabels = 10'000;
constexpr size_t kMaxLabelBytes = 1'000;

// Without id2label and num_labels, a transformers model has this many.
constexpr int kDefaultLabels = 2;

struct ProblemTypeRow {
  const char* name;
  ProblemType type;
};
constexpr std::array kProblemTypes = {
    ProblemTypeRow{"regression", ProblemType::kRegression},
    ProblemTypeRow{"single_label_classification", ProblemType::kSingleLabelClassification},
    ProblemTypeRow{"multi_label_classification", ProblemType::kMultiLabelClassification},
};

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

absl::Status CheckArchitecture(const Json& config) {
  if (const Json* type = Find(config, "model_type"); !IsString(type, "distilbert")) {
    return FieldError("model_type", "\"distilbert\"", FoundText(type));
  }
  const Json* architectures = Find(config, "architectures");
  if (architectures == nullptr) return absl::OkStatus();
  // A body alone, or with another head, cannot classify.
  const bool is_ours = architectures->is_array() && architectures->size() == 1 &&
                       IsString(&architectures->front(), kArchitecture);
  if (is_ours) return absl::OkStatus();
  const bool is_another = architectures->is_array() && architectures->size() == 1;
  return FieldError("architectures", absl::StrCat("[\"", kArchitecture, "\"]"),
                    is_another ? absl::StrCat("[", ValueText(architectures->front()), "]")
                               : ValueText(*architectures));
}

absl::Status ReadDimensions(const Json& json, ModelConfig& config) {
  for (const Dimension& dimension : kDimensions) {
    const Json* value = Find(json, dimension.name);
    if (!IsWholeNumber(value, dimension.least, dimension.most)) {
      return FieldError(
          dimension.name,
          absl::StrCat("a whole number from ", dimension.least, " to ", dimension.most),
          FoundText(value));
    }
    config.*dimension.value = value->get<int>();
  }
  if (config.dim % config.n_heads != 0) {
    return FieldError("dim", absl::StrCat("a multiple of \"n_heads\", ", config.n_heads),
                      absl::StrCat(config.dim));
  }
  return absl::OkStatus();
}

absl::StatusOr<HiddenActivation> ReadActivation(const Json& config) {
  const Json* value = Find(config, "activation");
  if (IsString(value, "gelu")) return HiddenActivation::kGelu;
  if (IsString(value, "relu")) return HiddenActivation::kRelu;
  return FieldError("activation", "\"gelu\" or \"relu\"", FoundText(value));
}

absl::StatusOr<ProblemType> ReadProblemType(const Json& config) {
  const Json* value = Find(config, "problem_type");
  if (value == nullptr) return ProblemType::kUnspecified;
  for (const ProblemTypeRow& row : kProblemTypes) {
    if (IsString(value, row.name)) return row.type;
  }
  const std::string names = absl::StrJoin(
      kProblemTypes, ", ", [](std::string* out, const ProblemTypeRow& row) { *out += row.name; });
  return FieldError("problem_type", absl::StrCat("one of ", names), FoundText(value));
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

// As transformers: id2label rules; num_labels counts only without it. label2id is its inverse for
// training, and is not read.
absl::StatusOr<std::vector<std::string>> ReadLabels(const Json& config) {
  if (const Json* id2label = Find(config, "id2label")) return ReadNamedLabels(*id2label);
  const Json* count = Find(config, "num_labels");
  if (count == nullptr) return NumberedLabels(kDefaultLabels);
  if (!IsWholeNumber(count, 1, kMaxLabels)) {
    return FieldError("num_labels", absl::StrCat("a whole number from 1 to ", kMaxLabels),
                      FoundText(count));
  }
  return NumberedLabels(count->get<uint64_t>());
}

absl::StatusOr<ModelConfig> ParseConfig(const Json& json) {
  if (absl::Status status = CheckArchitecture(json); !status.ok()) return status;
  ModelConfig config;
  if (absl::Status status = ReadDimensions(json, config); !status.ok()) return status;
  const absl::StatusOr<HiddenActivation> activation = ReadActivation(json);
  if (!activation.ok()) return activation.status();
  config.activation = *activation;
  const absl::StatusOr<ProblemType> problem_type = ReadProblemType(json);
  if (!problem_type.ok()) return problem_type.status();
  config.problem_type = *problem_type;
  absl::StatusOr<std::vector<std::string>> labels = ReadLabels(json);
  if (!labels.ok()) return labels.status();
  config.labels = *std::move(labels);
  return config;
}

}  // namespace

std::string_view ProblemTypeName(ProblemType type) {
  for (const ProblemTypeRow& row : kProblemTypes) {
    if (row.type == type) return row.name;
  }
  return "";
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
