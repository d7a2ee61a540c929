#include "engine/models/labels.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/files/json_file.h"
#include "engine/files/quoted.h"
#include "engine/models/config_fields.h"

namespace verdict {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxLabels = 10'000;
constexpr size_t kMaxLabelBytes = 1'000;

// Without id2label and num_labels, a transformers model has this many.
constexpr int kDefaultLabels = 2;

constexpr std::array kProblemTypes = {ProblemType::kRegression,
                                      ProblemType::kSingleLabelClassification,
                                      ProblemType::kMultiLabelClassification};

absl::Status ReadProblemType(const Json& json, ModelConfig& config) {
  std::vector<Word<ProblemType>> words;
  for (const ProblemType type : kProblemTypes) words.push_back({ProblemTypeName(type), type});
  const absl::StatusOr<ProblemType> type =
      ReadWord<ProblemType>(json, "problem_type", words, ProblemType::kUnspecified);
  if (!type.ok()) return type.status();
  config.problem_type = *type;
  return absl::OkStatus();
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
absl::Status ReadNames(const Json& json, ModelConfig& config) {
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

}  // namespace

absl::Status ReadLabels(const Json& json, ModelConfig& config) {
  if (absl::Status status = ReadProblemType(json, config); !status.ok()) return status;
  if (absl::Status status = ReadNames(json, config); !status.ok()) return status;
  WarnOfLabel2Id(json, config);
  return CheckScoresSaySomething(config);
}

}  // namespace verdict
