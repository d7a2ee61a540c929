// Tokens that stand for themselves wherever their text appears, e.g. "[SEP]".
#ifndef VERDICT_ENGINE_TOKENIZER_ADDED_TOKENS_H_
#define VERDICT_ENGINE_TOKENIZER_ADDED_TOKENS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tokenizer/token_trie.h"

namespace verdict {

// By their names in tokenizer.json.
struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool lstrip = false;       // takes the white space on its left with it
  bool rstrip = false;       // ... on its right
  bool normalized = false;   // is looked for in the normalized text, not in the original
  bool single_word = false;  // does not count beside a letter, digit, mark or underscore
  // Is found like the others, but left to the words: split_special_tokens.
  bool is_split = false;
};

// Finds added tokens in a text: leftmost first, of those the longest. Case matters.
//
// Immutable; any thread may use it.
class AddedTokens {
 public:
  // A token, with the white space that it takes along: bytes [begin, end) of the text, not empty.
  // It begins before the end of the last match only if a token begins with white space that the
  // last one took along: the reference then counts these bytes twice, and so do we.
  struct Match {
    int32_t id = 0;
    size_t begin = 0;
    size_t end = 0;
  };

  // Finds one match after the other in a text. Borrows both.
  class Reader {
   public:
    Reader(const AddedTokens& tokens, std::string_view text) : tokens_(tokens), text_(text) {}

    // The next match; nullopt at the end.
    std::optional<Match> Next();

   private:
    // The next place of a token's content, whatever its flags say.
    std::optional<TokenTrie::Match> NextContent();
    Match WithWhiteSpace(const AddedToken& token, size_t begin, size_t end);

    const AddedTokens& tokens_;
    const std::string_view text_;
    size_t position_ = 0;  // where looking goes on: the end of the last content
    size_t taken_ = 0;     // the end of the last match
    // The end of the white space that was last looked at: it is not walked through twice.
    size_t white_space_end_ = 0;
  };

  // An empty content matches nowhere; of equal contents the last counts.
  explicit AddedTokens(std::vector<AddedToken> tokens);

 private:
  std::vector<AddedToken> tokens_;
  TokenTrie trie_;  // its ids are indices of tokens_
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_ADDED_TOKENS_H_
