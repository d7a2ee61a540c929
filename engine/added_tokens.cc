#include "engine/added_tokens.h"

#include <utility>

#include "engine/vocabulary.h"
#include "engine/white_space.h"

namespace verdict {
namespace {

TokenTrie TrieOf(const std::vector<AddedToken>& tokens) {
  std::vector<VocabularyEntry> contents;
  for (size_t i = 0; i < tokens.size(); ++i) {
    contents.push_back({.text = tokens[i].content, .id = static_cast<int32_t>(i)});
  }
  return TokenTrie(Vocabulary(std::move(contents)));
}

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens)
    : tokens_(std::move(tokens)), trie_(TrieOf(tokens_)) {}

std::optional<AddedTokens::Match> AddedTokens::FindNext(std::string_view text, size_t from) const {
  if (tokens_.empty()) return std::nullopt;
  for (size_t begin = from; begin < text.size(); ++begin) {
    if (!trie_.BeginsToken(static_cast<unsigned char>(text[begin]))) continue;
    const TokenTrie::Match match = trie_.LongestMatch(TokenTrie::kRoot, text.substr(begin));
    if (match.id == TokenTrie::kNoToken) continue;
    const AddedToken& token = tokens_[match.id];
    const size_t end = begin + match.length;
    return Match{.id = token.id,
                 .begin = token.lstrip ? BeginOfWhiteSpace(text, from, begin) : begin,
                 .end = token.rstrip ? EndOfWhiteSpace(text, end) : end};
  }
  return std::nullopt;
}

}  // namespace verdict
