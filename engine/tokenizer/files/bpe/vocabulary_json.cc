#include "engine/tokenizer/files/bpe/vocabulary_json.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "engine/tokenizer/tokenizer_description.h"

namespace verdict {

absl::StatusOr<Vocabulary> ReadVocabulary(const JsonField& field) {
  if (absl::Status status = field.CheckIsObject(); !status.ok()) return status;
  std::vector<VocabularyEntry> entries;
  entries.reserve(field.value().size());
  for (const auto& [text, value] : field.value().items()) {
    if (!value.is_number_unsigned() || value.get<uint64_t>() > kMaxId) {
      return field.Member(text).WholeNumber(kMaxId).status();
    }
    entries.push_back({.text = text, .id = value.get<int32_t>()});
  }
  return Vocabulary(std::move(entries));
}

}  // namespace verdict
