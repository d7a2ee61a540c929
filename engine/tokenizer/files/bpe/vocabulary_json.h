// A vocabulary as a JSON object: in tokenizer.json, and vocab.json itself.
#ifndef VERDICT_ENGINE_TOKENIZER_FILES_BPE_VOCABULARY_JSON_H_
#define VERDICT_ENGINE_TOKENIZER_FILES_BPE_VOCABULARY_JSON_H_

#include "absl/status/statusor.h"
#include "engine/files/json_field.h"
#include "engine/tokenizer/vocabulary.h"

namespace verdict {

// The object `field`, whose names are tokens and whose values are their ids.
//
// INVALID_ARGUMENT: no object, or a value is no id; the message names the field.
absl::StatusOr<Vocabulary> ReadVocabulary(const JsonField& field);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_FILES_BPE_VOCABULARY_JSON_H_
