// The fields of config.json, and what is said of a bad one.
#ifndef VERDICT_ENGINE_MODELS_CONFIG_FIELDS_H_
#define VERDICT_ENGINE_MODELS_CONFIG_FIELDS_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"

namespace verdict {

// INVALID_ARGUMENT: "field": expected …, found ….
absl::Status FieldError(const std::string& field, const std::string& expected,
                        const std::string& found);

// The member `field`; null if it is missing or null, which mean the same in this file.
const nlohmann::json* Find(const nlohmann::json& config, const std::string& field);

// `value` for a message; "nothing" if it is null.
std::string FoundText(const nlohmann::json* value);

// The values of a list for a message, e.g. ["a", "b"].
std::string ListText(const nlohmann::json& list);

bool IsString(const nlohmann::json* value, std::string_view expected);

bool IsWholeNumber(const nlohmann::json* value, uint64_t least, uint64_t most);

// A value of a field, and the word that config.json has for it.
template <typename Value>
struct Word {
  std::string_view name;
  Value value;
};

// The value that the field's word stands for, or `otherwise` without the field. INVALID_ARGUMENT
// names all words.
template <typename Value>
absl::StatusOr<Value> ReadWord(const nlohmann::json& config, const char* field,
                               absl::Span<const Word<Value>> words, Value otherwise) {
  const nlohmann::json* found = Find(config, field);
  if (found == nullptr) return otherwise;
  for (const Word<Value>& word : words) {
    if (IsString(found, word.name)) return word.value;
  }
  const std::string names = absl::StrJoin(
      words, ", ", [](std::string* out, const Word<Value>& word) { *out += word.name; });
  return FieldError(field, absl::StrCat("one of ", names), FoundText(found));
}

}  // namespace verdict

#endif  // VERDICT_ENGINE_MODELS_CONFIG_FIELDS_H_
