// vocab.txt: BERT's vocabulary where no tokenizer.json is.
#ifndef VERDICT_ENGINE_TOKENIZER_FILES_VOCAB_TXT_H_
#define VERDICT_ENGINE_TOKENIZER_FILES_VOCAB_TXT_H_

#include "absl/status/statusor.h"
#include "engine/tokenizer/files/named_text.h"
#include "engine/tokenizer/vocabulary.h"

namespace verdict {

// Reads `vocab`, one token a line: trailing white space does not belong to the token, the line's
// number from 0 is its id, and of equal lines the last counts. An empty line is the token "", which
// no text has.
//
// INVALID_ARGUMENT: not UTF-8, or too many lines or too long ones. The message starts with the
// file's name.
absl::StatusOr<Vocabulary> ParseVocabTxt(const NamedText& vocab);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_FILES_VOCAB_TXT_H_
