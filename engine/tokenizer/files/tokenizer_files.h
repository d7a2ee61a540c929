// The files of a model directory that describe its tokenizer.
#ifndef VERDICT_ENGINE_TOKENIZER_FILES_TOKENIZER_FILES_H_
#define VERDICT_ENGINE_TOKENIZER_FILES_TOKENIZER_FILES_H_

#include <string>

#include "absl/status/statusor.h"
#include "engine/tokenizer/tokenizer.h"

namespace verdict {

// The tokenizer of a model directory: reads tokenizer.json, or else vocab.txt, or else vocab.json
// and merges.txt, with tokenizer_config.json, special_tokens_map.json and added_tokens.json, as
// tokenizer_assembly.h says.
//
// NOT_FOUND: none of them is there, or one of the two is not. INVALID_ARGUMENT: a file is
// malformed, or describes a tokenizer that is neither BERT's WordPiece nor a byte-level BPE. The
// message names the file, the field, what was expected and found.
absl::StatusOr<Tokenizer> LoadTokenizer(const std::string& directory);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_FILES_TOKENIZER_FILES_H_
