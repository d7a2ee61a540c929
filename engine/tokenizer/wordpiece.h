// WordPiece: a word as the fewest long pieces that a vocabulary has for it, taken from the left.
#ifndef VERDICT_ENGINE_TOKENIZER_WORDPIECE_H_
#define VERDICT_ENGINE_TOKENIZER_WORDPIECE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tokenizer/subword_model.h"
#include "engine/tokenizer/token_trie.h"
#include "engine/tokenizer/vocabulary.h"

namespace verdict {

// By their names in tokenizer.json.
struct WordPieceOptions {
  std::string unk_token = "[UNK]";
  std::string continuing_subword_prefix = "##";
  size_t max_input_chars_per_word = 100;  // scalar values; longer words are unknown
};

// Immutable; any thread may use it.
class WordPiece final : public SubwordModel {
 public:
  // REQUIRES: options.unk_token is in `vocabulary`.
  WordPiece(const Vocabulary& vocabulary, const WordPieceOptions& options);

  // Replaces `*pieces` by those of `word`: the longest token that it begins with, then again and
  // again the longest that continues it; the unknown token alone if that comes to nothing. Costs at
  // most max_input_chars_per_word walks of the longest token's bytes. REQUIRES: `word` is not
  // empty.
  void Split(std::string_view word, std::vector<Piece>* pieces) const override;

 private:
  bool IsTooLong(std::string_view word) const;

  TokenTrie trie_;
  size_t max_scalars_;
  int32_t unknown_;
  // Where the prefix leads: continuations go on from there. None if no token begins with it.
  std::optional<TokenTrie::Node> continuation_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_WORDPIECE_H_
