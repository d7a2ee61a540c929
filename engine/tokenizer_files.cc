#include "engine/tokenizer_files.h"

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/file.h"
#include "engine/json_field.h"
#include "engine/json_file.h"
#include "engine/tokenizer_config.h"
#include "engine/tokenizer_json.h"
#include "engine/vocab_txt.h"

namespace verdict {
namespace {

// Several times the largest known (LaBSE's tokenizer.json has ten million).
constexpr uint64_t kMaxFileBytes = 64 << 20;

// tokenizer.json, or without it vocab.txt with `config`.
absl::StatusOr<TokenizerDescription> ReadVocabularyFile(const std::string& directory,
                                                        const NamedText& config) {
  const std::string json_path = absl::StrCat(directory, "/tokenizer.json");
  const absl::StatusOr<std::string> json = ReadWholeFile(json_path, kMaxFileBytes);
  if (json.ok()) return ParseTokenizerJson(*json, json_path);
  if (!absl::IsNotFound(json.status())) return json.status();

  const std::string vocab_path = absl::StrCat(directory, "/vocab.txt");
  const absl::StatusOr<std::string> vocab = ReadWholeFile(vocab_path, kMaxFileBytes);
  if (absl::IsNotFound(vocab.status())) {
    return absl::NotFoundError(
        absl::StrCat(directory, ": expected tokenizer.json or vocab.txt, found neither"));
  }
  if (!vocab.ok()) return vocab.status();
  return ParseVocabTxt({.text = *vocab, .name = vocab_path}, config);
}

}  // namespace

absl::StatusOr<TokenizerDescription> ReadTokenizerFiles(const std::string& directory) {
  const std::string config_path = absl::StrCat(directory, "/tokenizer_config.json");
  absl::StatusOr<std::string> config = ReadWholeFile(config_path, kMaxFileBytes);
  if (absl::IsNotFound(config.status())) config = "{}";
  if (!config.ok()) return config.status();
  absl::StatusOr<TokenizerDescription> description =
      ReadVocabularyFile(directory, {.text = *config, .name = config_path});
  if (!description.ok()) return description;

  const absl::StatusOr<nlohmann::json> document = ParseJson(*config, config_path);
  if (!document.ok()) return document.status();
  const JsonField root(*document, config_path);
  if (absl::Status status = root.CheckIsObject(); !status.ok()) return status;
  absl::StatusOr<std::optional<size_t>> max_length = ReadModelMaxLength(root);
  if (!max_length.ok()) return max_length.status();
  description->model_max_length = *max_length;
  return description;
}

}  // namespace verdict
