// Tokens that stand for themselves wherever their text appears, e.g. "[SEP]".
#ifndef VERDICT_ENGINE_ADDED_TOKENS_H_
#define VERDICT_ENGINE_ADDED_TOKENS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/token_trie.h"

namespace verdict {

// By their names in tokenizer.json.
struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool lstrip = false;      // takes the white space on its left with it
  bool rstrip = false;      // ... on its right
  bool normalized = false;  // is looked for in the normalized text, not in the original
};

// Finds added tokens in a text: leftmost first, of those the longest. Case matters.
//
// Immutable; any thread may use it.
class AddedTokens {
 public:
  // A token, with the white space that it takes along: bytes [begin, end) of the text.
  struct Match {
    int32_t id = 0;
    size_t begin = 0;
    size_t end = 0;
  };

  // An empty content matches nowhere; of equal contents the last counts.
  explicit AddedTokens(std::vector<AddedToken> tokens);

  // The first one in `text` at or after byte `from`, where the last one ended.
  std::optional<Match> FindNext(std::string_view text, size_t from) const;

 private:
  std::vector<AddedToken> tokens_;
  TokenTrie trie_;  // its ids are indices of tokens_
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_ADDED_TOKENS_H_
