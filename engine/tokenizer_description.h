// A tokenizer as its files describe it.
#ifndef VERDICT_ENGINE_TOKENIZER_DESCRIPTION_H_
#define VERDICT_ENGINE_TOKENIZER_DESCRIPTION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/added_tokens.h"
#include "engine/normalizer.h"
#include "engine/vocabulary.h"
#include "engine/wordpiece.h"

namespace verdict {

// Twice the largest vocabulary known to us (LaBSE's 501,153): tables by id stay small whatever a
// file says.
inline constexpr int32_t kMaxId = 1'000'000;

// A token that Encode adds.
struct SpecialToken {
  std::string content;
  int32_t id = 0;
};

// What a file says, field by field.
struct TokenizerDescription {
  // The file, for messages.
  std::string source;
  NormalizerOptions normalizer;
  WordPieceOptions wordpiece;
  Vocabulary vocabulary;  // ids are in 0..kMaxId
  std::vector<AddedToken> added_tokens;
  SpecialToken cls;  // begins every input
  SpecialToken sep;  // ends each of its texts
  // The most tokens that the model takes, special tokens counted; nullopt: no limit.
  std::optional<size_t> model_max_length;
  // What is odd but harmless, or ignored as the reference ignores it: a sentence each, for the log.
  std::vector<std::string> warnings;
};

// Whether the fields agree with each other: every id stands for one text, the unknown token is in
// the vocabulary, and added tokens have the ids that the reference would give them.
//
// INVALID_ARGUMENT: they do not; the message starts with the source.
absl::Status CheckConsistent(const TokenizerDescription& description);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_DESCRIPTION_H_
