// The files of a model directory that describe its tokenizer.
#ifndef VERDICT_ENGINE_TOKENIZER_FILES_TOKENIZER_FILES_H_
#define VERDICT_ENGINE_TOKENIZER_FILES_TOKENIZER_FILES_H_

#include <string>

#include "absl/status/statusor.h"
#include "engine/tokenizer/tokenizer.h"

namespace verdict {

// The tokenizer of a model directory: reads tokenizer.json, or else vocab.txt, with
// tokenizer_config.json, special_tokens_map.json and added_tokens.json, as transformers'
// AutoTokenizer does.
//
// NOT_FOUND: neither file is there. INVALID_ARGUMENT: a file is malformed, or describes a
// tokenizer that is not BERT WordPiece. The message names the file, the field, what was expected
// and found.
absl::StatusOr<Tokenizer> LoadTokenizer(const std::string& directory);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_FILES_TOKENIZER_FILES_H_
