#include "engine/tokenizer/wordpiece.h"

#include <algorithm>

#include "engine/unicode/utf8.h"

namespace verdict {

WordPiece::WordPiece(const Vocabulary& vocabulary, const WordPieceOptions& options)
    : trie_(vocabulary),
      max_scalars_(options.max_input_chars_per_word),
      unknown_(vocabulary.Find(options.unk_token).value()),
      continuation_(trie_.Descend(options.continuing_subword_prefix)) {}

void WordPiece::Split(std::string_view word, std::vector<Piece>* pieces) const {
  pieces->clear();
  std::optional<TokenTrie::Node> node = TokenTrie::kRoot;
  size_t begin = IsTooLong(word) ? word.npos : 0;
  while (begin < word.size()) {
    const TokenTrie::Match match =
        node ? trie_.LongestMatch(*node, word.substr(begin)) : TokenTrie::Match();
    if (match.id == TokenTrie::kNoToken) break;
    pieces->push_back({.id = match.id, .begin = begin, .end = begin + match.length});
    begin += match.length;
    node = continuation_;
  }
  if (begin != word.size()) {
    pieces->assign(1, {.id = unknown_, .begin = 0, .end = word.size()});
  }
}

bool WordPiece::IsTooLong(std::string_view word) const {
  if (word.size() <= max_scalars_) return false;
  const auto continuations = std::count_if(word.begin(), word.end(), IsContinuationByte);
  return word.size() - static_cast<size_t>(continuations) > max_scalars_;
}

}  // namespace verdict
