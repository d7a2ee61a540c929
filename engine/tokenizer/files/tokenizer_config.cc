#include "engine/tokenizer/files/tokenizer_config.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/files/quoted.h"

namespace verdict {
namespace {

// transformers calls anything above it no limit (LARGE_INTEGER), and writes 1e30.
constexpr double kNoLimit = 1e20;

// Names of one class in transformers 5, with or without "Fast" behind them.
constexpr std::array kBertClasses = {
    "BertTokenizer",   "DistilBertTokenizer", "ElectraTokenizer",    "LayoutLMTokenizer",
    "LxmertTokenizer", "MobileBertTokenizer", "SqueezeBertTokenizer"};
constexpr std::array kRobertaClasses = {"RobertaTokenizer"};
constexpr std::array kFileClasses = {"PreTrainedTokenizer", "TokenizersBackend", "PythonBackend"};

template <size_t kSize>
bool Contains(const std::array<const char*, kSize>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool Has(const JsonField& object, const std::string& name) {
  return object.exists() && object.value().is_object() && object.value().contains(name);
}

absl::Status ReadClass(const JsonField& config, const JsonField& model_config,
                       TokenizerConfig* read) {
  JsonField field = config.Member("tokenizer_class");
  if (!field.exists()) field = model_config.Member("tokenizer_class");
  if (!field.exists()) return absl::OkStatus();
  const absl::StatusOr<std::string> stated = field.String();
  if (!stated.ok()) return stated.status();
  std::string_view name = *stated;
  if (absl::EndsWith(*stated, "Fast")) name.remove_suffix(std::string_view("Fast").size());
  if (Contains(kBertClasses, name)) {
    read->tokenizer_class = TokenizerClass::kBert;
  } else if (Contains(kRobertaClasses, name)) {
    read->tokenizer_class = TokenizerClass::kRoberta;
  } else {
    read->tokenizer_class = TokenizerClass::kFile;
    if (!Contains(kFileClasses, name)) read->unknown_class = *stated;
  }
  return absl::OkStatus();
}

absl::Status ReadBool(const JsonField& config, const std::string& name, bool may_be_null,
                      StatedBool* stated) {
  if (!Has(config, name)) return absl::OkStatus();
  stated->is_stated = true;
  const JsonField field = config.Member(name);
  if (may_be_null && !field.exists()) return absl::OkStatus();
  const absl::StatusOr<bool> value = field.Bool();
  if (value.ok()) stated->value = *value;
  return value.status();
}

absl::StatusOr<std::optional<size_t>> ReadMaxLength(const JsonField& config) {
  // The former name counts only where the other is absent; a null is there.
  const JsonField field =
      config.Member(Has(config, "model_max_length") ? "model_max_length" : "max_len");
  if (!field.exists()) return std::nullopt;
  const nlohmann::json& value = field.value();
  // A whole number of more than 64 bits is read as a fraction.
  if (value.is_number_float() && value.get<double>() > kNoLimit) return std::nullopt;
  if (!value.is_number_unsigned() || value.get<uint64_t>() < kLeastMaxLength) {
    return field.Error(absl::StrCat("a whole number of at least ", kLeastMaxLength));
  }
  return static_cast<size_t>(value.get<uint64_t>());
}

// What transformers would do with these is not what Verdict does, so they must say nothing.
absl::Status CheckUnsupported(const JsonField& config) {
  const JsonField inputs = config.Member("init_inputs");
  if (inputs.exists() && !inputs.value().empty()) {
    return inputs.Error("no positional arguments");
  }
  const JsonField files = config.Member("fast_tokenizer_files");
  if (!files.exists()) return absl::OkStatus();
  if (files.value() == nlohmann::json::array({"tokenizer.json"})) return absl::OkStatus();
  return files.Error("tokenizer.json alone, no files by version");
}

void WarnOfIgnored(const JsonField& config, std::vector<std::string>* warnings) {
  const auto warn = [&](const std::string& name, const std::string& what) {
    warnings->push_back(absl::StrCat("tokenizer_config.json: ", Quoted(name), " ", what));
  };
  for (const char* name : {"tokenizer_file", "vocab_file"}) {
    if (config.Member(name).exists()) {
      warn(name, "names a file that is not read: those in the model's directory are");
    }
  }
  if (config.Member("auto_map").exists()) warn("auto_map", "names code, which is not run");
  if (config.Member("truncation_side").IsString("left")) {
    warn("truncation_side", "is \"left\" and does not count: the option --truncation decides");
  }
}

}  // namespace

absl::StatusOr<TokenizerConfig> ReadTokenizerConfig(const JsonField& config,
                                                    const JsonField& model_config) {
  TokenizerConfig read;
  StatedBool split_special_tokens;
  absl::Status status = ReadClass(config, model_config, &read);
  status.Update(ReadBool(config, "do_lower_case", false, &read.do_lower_case));
  status.Update(ReadBool(config, "strip_accents", true, &read.strip_accents));
  status.Update(ReadBool(config, "tokenize_chinese_chars", false, &read.tokenize_chinese_chars));
  status.Update(ReadBool(config, "add_prefix_space", true, &read.add_prefix_space));
  status.Update(ReadBool(config, "trim_offsets", true, &read.trim_offsets));
  status.Update(ReadBool(config, "split_special_tokens", false, &split_special_tokens));
  status.Update(CheckUnsupported(config));
  if (!status.ok()) return status;
  read.split_special_tokens = split_special_tokens.value.value_or(false);
  absl::StatusOr<std::optional<size_t>> max_length = ReadMaxLength(config);
  if (!max_length.ok()) return max_length.status();
  read.model_max_length = *max_length;
  WarnOfIgnored(config, &read.warnings);
  return read;
}

}  // namespace verdict
