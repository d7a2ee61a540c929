// tokenizer.json: the one file that says everything about a fast tokenizer of Hugging Face.
#ifndef VERDICT_ENGINE_TOKENIZER_JSON_H_
#define VERDICT_ENGINE_TOKENIZER_JSON_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/tokenizer_description.h"

namespace verdict {

// Reads the tokenizer.json `text`. What it says of truncation, padding and decoding is ignored: the
// server's own options decide the first, the others have no part in classification.
//
// INVALID_ARGUMENT: malformed, or not a BERT WordPiece tokenizer. The message starts with `source`
// and names the field, what was expected and what was found.
absl::StatusOr<TokenizerDescription> ParseTokenizerJson(std::string_view text,
                                                        const std::string& source);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_JSON_H_
