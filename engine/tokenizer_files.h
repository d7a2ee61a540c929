// The files of a model directory that describe its tokenizer.
#ifndef VERDICT_ENGINE_TOKENIZER_FILES_H_
#define VERDICT_ENGINE_TOKENIZER_FILES_H_

#include <string>

#include "absl/status/statusor.h"
#include "engine/tokenizer_description.h"

namespace verdict {

// Reads `directory`/tokenizer.json; without one vocab.txt. What tokenizer_config.json says, if
// there is one, is heeded beside vocab.txt; beside tokenizer.json only its model_max_length.
//
// NOT_FOUND: neither is there. Otherwise as ReadWholeFile, ParseTokenizerJson and ParseVocabTxt.
absl::StatusOr<TokenizerDescription> ReadTokenizerFiles(const std::string& directory);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_FILES_H_
