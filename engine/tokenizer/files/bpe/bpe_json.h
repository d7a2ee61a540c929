// The parts of a tokenizer.json that make a byte-level BPE.
#ifndef VERDICT_ENGINE_TOKENIZER_FILES_BPE_BPE_JSON_H_
#define VERDICT_ENGINE_TOKENIZER_FILES_BPE_BPE_JSON_H_

#include "absl/status/statusor.h"
#include "engine/files/json_field.h"
#include "engine/tokenizer/bpe/byte_level_bpe.h"
#include "engine/tokenizer/tokenizer_description.h"
#include "engine/tokenizer/vocabulary.h"

namespace verdict {

// What a `model` of type BPE says beside its vocabulary, which is `vocabulary`.
//
// INVALID_ARGUMENT: malformed, or a BPE with dropout, byte_fallback, or a prefix or suffix of its
// own; the message names the field.
absl::StatusOr<ByteLevelBpeOptions> ReadBpeOptions(const JsonField& model,
                                                   const Vocabulary& vocabulary);

// A `pre_tokenizer` of type ByteLevel; or a Sequence of it alone, or of a Split by GPT-2's regular
// expression and a ByteLevel without one.
//
// INVALID_ARGUMENT: malformed or another one; the message names the field.
absl::StatusOr<ByteLevelPreTokenizer> ReadByteLevel(const JsonField& pre_tokenizer);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_FILES_BPE_BPE_JSON_H_
