// JSON that we do not trust: every file of a model directory comes from somebody else.
#ifndef VERDICT_ENGINE_FILES_JSON_FILE_H_
#define VERDICT_ENGINE_FILES_JSON_FILE_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace verdict {

// Values may be nested this deep; Hugging Face's files reach about ten.
inline constexpr int kMaxJsonDepth = 64;

// A document may hold this many values: a vocabulary of millions, yet no more than about a second
// of parsing.
inline constexpr size_t kMaxJsonValues = 4'000'000;

// One JSON value with nothing but blanks around it. Stricter than nlohmann::json::parse: a name may
// appear once in its object (else two readers of one file could disagree), NUL does not count as
// the end, and nesting and the number of values are bounded. Never throws.
//
// INVALID_ARGUMENT: malformed; the message says where, and starts with `source`.
absl::StatusOr<nlohmann::json> ParseJson(std::string_view text, const std::string& source,
                                         size_t max_values = kMaxJsonValues);

// As ParseJson, of the file `path`, which may hold at most `max_bytes` and must hold an object.
//
// NOT_FOUND: there is no such file. INVALID_ARGUMENT: malformed, no object, or too large. Otherwise
// as File::Open and ReadAt.
absl::StatusOr<nlohmann::json> ReadJsonFile(const std::string& path, uint64_t max_bytes);

// `value` as a message shows it: a number or a string itself, else what it is, e.g. "an object".
std::string ValueText(const nlohmann::json& value);

}  // namespace verdict

#endif  // VERDICT_ENGINE_FILES_JSON_FILE_H_
