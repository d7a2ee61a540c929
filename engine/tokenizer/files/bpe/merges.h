// The merges of a BPE model, of tokenizer.json or merges.txt.
#ifndef VERDICT_ENGINE_TOKENIZER_FILES_BPE_MERGES_H_
#define VERDICT_ENGINE_TOKENIZER_FILES_BPE_MERGES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "engine/files/json_field.h"
#include "engine/tokenizer/bpe/byte_pairs.h"
#include "engine/tokenizer/files/named_text.h"
#include "engine/tokenizer/vocabulary.h"

namespace verdict {

// The array `merges` of "left right" or ["left", "right"], in the order of their rank. Strings that
// begin with "#version" do not count.
//
// INVALID_ARGUMENT: malformed, more than kMaxId, or `vocabulary` lacks a token that a merge has or
// makes; the message names the field.
absl::StatusOr<std::vector<PairMerge>> ReadMerges(const JsonField& merges,
                                                  const Vocabulary& vocabulary);

// The contents of vocab.json and merges.txt.
struct BytePairFiles {
  Vocabulary vocabulary;
  std::vector<PairMerge> merges;
};

// Reads both, the lines of merges.txt as ReadMerges reads strings.
//
// INVALID_ARGUMENT: as ReadVocabulary (vocabulary_json.h) and ReadMerges; or merges.txt is not
// UTF-8, or has too many lines or too long ones. The message starts with the file's name.
absl::StatusOr<BytePairFiles> ParseBytePairFiles(const NamedText& vocab, const NamedText& merges);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_FILES_BPE_MERGES_H_
