// A tokenizer as its files describe it.
#ifndef VERDICT_ENGINE_TOKENIZER_TOKENIZER_DESCRIPTION_H_
#define VERDICT_ENGINE_TOKENIZER_TOKENIZER_DESCRIPTION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "engine/tokenizer/added_tokens.h"
#include "engine/tokenizer/bpe/byte_level_bpe.h"
#include "engine/tokenizer/post_processor.h"
#include "engine/tokenizer/vocabulary.h"
#include "engine/tokenizer/wordpiece.h"
#include "engine/unicode/normalizer_sequence.h"

namespace verdict {

// Twice the largest vocabulary known to us (LaBSE's 501,153): tables by id stay small whatever a
// file says.
inline constexpr int32_t kMaxId = 1'000'000;

// The longest token, several times the longest of any published BERT: tokenizing walks along a
// token once for each byte of a text at worst.
inline constexpr size_t kMaxTokenBytes = 1024;

// All tokens together, three times LaBSE's: the tables take some 40 bytes for each.
inline constexpr size_t kMaxVocabularyBytes = 16 << 20;

// Words as BERT has them: unicode/words.h.
struct BertPreTokenizer {};

// Words as GPT-2 has them: unicode/byte_level_words.h.
struct ByteLevelPreTokenizer {
  // Puts a space before each stretch of text between added tokens that does not begin with one.
  bool add_prefix_space = false;
};

// What a tokenizer's files say together.
struct TokenizerDescription {
  // The file that has the vocabulary, for messages.
  std::string source;
  std::vector<NormalizerStep> normalizer = {NormalizerOptions()};
  std::variant<BertPreTokenizer, ByteLevelPreTokenizer> pre_tokenizer;
  std::variant<WordPieceOptions, ByteLevelBpeOptions> model;
  Vocabulary vocabulary;  // ids are in 0..kMaxId
  std::vector<AddedToken> added_tokens;
  PostProcessor post_processor;
  // The most tokens that the model takes, special tokens counted; nullopt: no limit.
  std::optional<size_t> model_max_length;
  // What is odd but harmless, or ignored as the reference ignores it: a sentence each, for the log.
  std::vector<std::string> warnings;
};

// Whether the fields agree with each other and are within bounds: every id of the vocabulary stands
// for one text, the unknown token is in it, a token of the vocabulary that is added keeps its id,
// no two added tokens look alike once normalized, every input begins with a special token, and no
// token is longer than kMaxTokenBytes.
//
// INVALID_ARGUMENT: they do not; the message starts with the source.
absl::Status CheckConsistent(const TokenizerDescription& description);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_TOKENIZER_DESCRIPTION_H_
