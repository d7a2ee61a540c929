#include "engine/models/config.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/files/json_file.h"
#include "engine/models/architectures.h"
#include "engine/models/config_fields.h"
#include "engine/models/labels.h"

namespace verdict {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxConfigBytes = 1 << 20;

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

absl::Status SetArchitecture(const Json& json, ModelConfig& config) {
  const Json* type = Find(json, "model_type");
  if (type != nullptr && type->is_string()) {
    config.architecture = FindArchitecture(type->get_ref<const std::string&>());
  }
  if (config.architecture != nullptr) return absl::OkStatus();
  return FieldError("model_type", absl::StrCat("one of ", ServedModelTypes()), FoundText(type));
}

// Which class the file names, if it names one.
absl::Status CheckClass(const Json& json, ModelConfig& config) {
  const Json* classes = Find(json, "architectures");
  if (classes == nullptr) return absl::OkStatus();
  const std::string ours = config.architecture->class_name();
  const std::string expected = absl::StrCat("[\"", ours, "\"]");
  if (!classes->is_array()) return FieldError("architectures", expected, ValueText(*classes));
  const auto is_ours = [&ours](const Json& one) { return IsString(&one, ours); };
  if (classes->empty() || std::any_of(classes->begin(), classes->end(), is_ours)) {
    return absl::OkStatus();
  }
  for (const Json& one : *classes) {
    if (one.is_string() && config.architecture->IsOtherHead(one.get_ref<const std::string&>())) {
      return FieldError("architectures", expected, ListText(*classes));
    }
  }
  config.warnings.push_back(absl::StrCat("config.json: \"architectures\" is ", ListText(*classes),
                                         ", whose code is not run: the model is computed as ",
                                         ours));
  return absl::OkStatus();
}

// A decoder's attention is masked, or looks at an encoder's output.
absl::Status CheckIsEncoder(const Json& json) {
  for (const char* field : {"is_decoder", "add_cross_attention"}) {
    const Json* value = Find(json, field);
    if (value == nullptr || *value == Json(false)) continue;
    return FieldError(field, "false, as only encoders are supported", ValueText(*value));
  }
  const Json* positions = Find(json, "position_embedding_type");
  if (positions == nullptr || IsString(positions, "absolute")) return absl::OkStatus();
  return FieldError("position_embedding_type",
                    "\"absolute\", as relative positions are not supported, nor by transformers 5",
                    ValueText(*positions));
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
  for (const char* field : config.architecture->config.unread) {
    if (Find(json, field) == nullptr) continue;
    config.warnings.push_back(absl::StrCat("config.json: \"", field, "\" is no field of ",
                                           config.architecture->class_stem,
                                           "'s and is not read, as in transformers"));
  }
  return CheckIsEncoder(json);
}

// Notes that transformers' default of `field` is taken.
void NoteDefault(const char* field, int value, ModelConfig& config) {
  absl::StrAppend(&config.defaults, config.defaults.empty() ? "" : ", ", field, " ", value);
}

absl::StatusOr<int> ReadDimension(const Json& json, const Dimension& dimension,
                                  ModelConfig& config) {
  const Json* value = Find(json, dimension.name);
  const Json* alias = dimension.alias == nullptr ? nullptr : Find(json, dimension.alias);
  if (value == nullptr && alias == nullptr) {
    NoteDefault(dimension.name, dimension.default_value, config);
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

// What the architecture calls a dimension.
const char* NameOf(int ModelConfig::*value, const ModelConfig& config) {
  for (const Dimension& dimension : config.architecture->config.dimensions) {
    if (dimension.value == value) return dimension.name;
  }
  return "";
}

absl::Status ReadDimensions(const Json& json, ModelConfig& config) {
  for (const Dimension& dimension : config.architecture->config.dimensions) {
    const absl::StatusOr<int> value = ReadDimension(json, dimension, config);
    if (!value.ok()) return value.status();
    config.*dimension.value = *value;
  }
  if (config.dim % config.n_heads != 0) {
    return FieldError(NameOf(&ModelConfig::dim, config),
                      absl::StrCat("a multiple of \"", NameOf(&ModelConfig::n_heads, config),
                                   "\", ", config.n_heads),
                      absl::StrCat(config.dim));
  }
  if (config.embedding_dim == 0) config.embedding_dim = config.dim;
  if (config.positions() < kLeastTokens) {
    return FieldError("max_position_embeddings",
                      absl::StrCat("at least \"pad_token_id\" + ", 1 + kLeastTokens, ", which is ",
                                   config.padding_id + 1 + kLeastTokens),
                      absl::StrCat(config.max_position_embeddings));
  }
  return absl::OkStatus();
}

absl::Status ReadLayerNormEpsilon(const Json& json, ModelConfig& config) {
  const char* const field = config.architecture->config.layer_norm_epsilon;
  const Json* value = field == nullptr ? nullptr : Find(json, field);
  if (value == nullptr) return absl::OkStatus();
  const double epsilon = value->is_number() ? value->get<double>() : 0;
  if (epsilon < 1e-30 || epsilon > 1) {
    return FieldError(field, "a number from 1e-30 to 1", ValueText(*value));
  }
  config.layer_norm_epsilon = static_cast<float>(epsilon);
  return absl::OkStatus();
}

absl::StatusOr<ModelConfig> ParseConfig(const Json& json) {
  ModelConfig config;
  if (absl::Status status = SetArchitecture(json, config); !status.ok()) return status;
  if (absl::Status status = CheckClass(json, config); !status.ok()) return status;
  if (absl::Status status = CheckOtherFields(json, config); !status.ok()) return status;
  if (absl::Status status = ReadDimensions(json, config); !status.ok()) return status;
  if (absl::Status status = ReadLayerNormEpsilon(json, config); !status.ok()) return status;
  const absl::StatusOr<HiddenActivation> activation = ReadWord<HiddenActivation>(
      json, config.architecture->config.activation, kActivations, HiddenActivation::kGelu);
  if (!activation.ok()) return activation.status();
  config.activation = *activation;
  if (absl::Status status = ReadLabels(json, config); !status.ok()) return status;
  return config;
}

}  // namespace

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
