// tokenizer_config.json: what transformers says of a tokenizer beside its vocabulary.
#ifndef VERDICT_ENGINE_TOKENIZER_CONFIG_H_
#define VERDICT_ENGINE_TOKENIZER_CONFIG_H_

#include <cstddef>
#include <optional>

#include "absl/status/statusor.h"
#include "engine/json_field.h"

namespace verdict {

// A limit below this has no room for a pair's special tokens.
inline constexpr size_t kLeastMaxLength = 3;

// The `model_max_length` (or `max_len`, its former name) of `config`: the most tokens that the
// model takes, special tokens counted. nullopt: no limit, which the file says by null, by silence
// or by a number as huge as transformers' 1e30.
//
// INVALID_ARGUMENT: not a whole number of at least kLeastMaxLength; the message names the field.
absl::StatusOr<std::optional<size_t>> ReadModelMaxLength(const JsonField& config);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_CONFIG_H_
