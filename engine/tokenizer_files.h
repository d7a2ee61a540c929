// The files of a model directory that describe its tokenizer.
#ifndef VERDICT_ENGINE_TOKENIZER_FILES_H_
#define VERDICT_ENGINE_TOKENIZER_FILES_H_

#include <string>

#include "absl/status/statusor.h"
#include "engine/tokenizer_description.h"

namespace verdict {

// Reads the files of the tokenizer in `directory` that are there, and puts them together as
// AssembleTokenizer does.
//
// NOT_FOUND: neither tokenizer.json nor vocab.txt is there. Otherwise as ReadWholeFile and
// AssembleTokenizer.
absl::StatusOr<TokenizerDescription> ReadTokenizerFiles(const std::string& directory);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_FILES_H_
