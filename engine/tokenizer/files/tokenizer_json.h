// tokenizer.json: the one file that can say everything about a fast tokenizer of Hugging Face.
#ifndef VERDICT_ENGINE_TOKENIZER_FILES_TOKENIZER_JSON_H_
#define VERDICT_ENGINE_TOKENIZER_FILES_TOKENIZER_JSON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/tokenizer/bpe/byte_level_bpe.h"
#include "engine/tokenizer/files/added_vocabulary.h"
#include "engine/tokenizer/post_processor.h"
#include "engine/tokenizer/tokenizer_description.h"
#include "engine/tokenizer/vocabulary.h"
#include "engine/tokenizer/wordpiece.h"
#include "engine/unicode/normalizer_sequence.h"

namespace verdict {

// What the file says, field by field.
struct TokenizerJson {
  std::vector<NormalizerStep> normalizer;
  // What the last BertNormalizer says itself; nullopt: that they go with lowercase.
  std::optional<bool> strip_accents;
  std::variant<BertPreTokenizer, ByteLevelPreTokenizer> pre_tokenizer;
  std::variant<WordPieceOptions, ByteLevelBpeOptions> model;
  Vocabulary vocabulary;
  // With the ids that the file declares, in its order.
  std::vector<std::pair<int32_t, DeclaredToken>> added_tokens;
  // nullopt: null.
  std::optional<PostProcessor> post_processor;
  // The token that pads, if padding is on; it is special then.
  std::optional<std::string> pad_token;
};

// Reads the tokenizer.json `text`. What it says of truncation and decoding is ignored: the server's
// own options decide the first, the other has no part in classification.
//
// INVALID_ARGUMENT: malformed, or neither BERT's WordPiece nor a byte-level BPE. The message starts
// with `source` and names the field, what was expected and what was found.
absl::StatusOr<TokenizerJson> ParseTokenizerJson(std::string_view text, const std::string& source);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_FILES_TOKENIZER_JSON_H_
