#include "engine/tokenizer/files/tokenizer_files.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/files/file.h"
#include "engine/tokenizer/files/tokenizer_assembly.h"

namespace verdict {
namespace {

// Several times the largest known (LaBSE's tokenizer.json has ten million).
constexpr uint64_t kMaxFileBytes = 64 << 20;

absl::Status Read(const std::string& path, std::optional<std::string>* text) {
  absl::StatusOr<std::string> read = ReadWholeFile(path, kMaxFileBytes);
  if (absl::IsNotFound(read.status())) return absl::OkStatus();
  if (!read.ok()) return read.status();
  *text = *std::move(read);
  return absl::OkStatus();
}

absl::StatusOr<TokenizerDescription> ReadFiles(const std::string& directory) {
  TokenizerTexts texts = {.directory = directory};
  for (const auto& [file, text] : {
           std::pair{"/tokenizer.json", &texts.tokenizer_json},
           std::pair{"/vocab.txt", &texts.vocab_txt},
           std::pair{"/vocab.json", &texts.vocab_json},
           std::pair{"/merges.txt", &texts.merges_txt},
           std::pair{"/tokenizer_config.json", &texts.tokenizer_config},
           std::pair{"/special_tokens_map.json", &texts.special_tokens_map},
           std::pair{"/added_tokens.json", &texts.added_tokens},
           std::pair{"/config.json", &texts.model_config},
       }) {
    // Those that tokenizer.json or vocab.txt make void need not be good.
    if (text == &texts.vocab_txt && texts.tokenizer_json) continue;
    const bool is_byte_pairs = text == &texts.vocab_json || text == &texts.merges_txt;
    if (is_byte_pairs && (texts.tokenizer_json || texts.vocab_txt)) continue;
    if (absl::Status status = Read(absl::StrCat(directory, file), text); !status.ok()) {
      return status;
    }
  }
  return AssembleTokenizer(texts);
}

}  // namespace

absl::StatusOr<Tokenizer> LoadTokenizer(const std::string& directory) {
  const absl::StatusOr<TokenizerDescription> description = ReadFiles(directory);
  if (!description.ok()) return description.status();
  return Tokenizer::Create(*description);
}

}  // namespace verdict
