#include "engine/tokenizer/added_tokens.h"

#include <utility>

#include "engine/tokenizer/vocabulary.h"
#include "engine/unicode/unicode.h"
#include "engine/unicode/utf8.h"
#include "engine/unicode/white_space.h"

namespace verdict {
namespace {

TokenTrie TrieOf(const std::vector<AddedToken>& tokens) {
  std::vector<VocabularyEntry> contents;
  for (size_t i = 0; i < tokens.size(); ++i) {
    contents.push_back({.text = tokens[i].content, .id = static_cast<int32_t>(i)});
  }
  return TokenTrie(Vocabulary(std::move(contents)));
}

bool EndsWithWord(std::string_view text) {
  if (text.empty()) return false;
  size_t begin = text.size() - 1;
  while (begin > 0 && IsContinuationByte(text[begin])) --begin;
  const DecodedScalar last = DecodeUtf8(text, begin);
  return begin + last.length == text.size() && IsWordCharacter(last.value);
}

bool BeginsWithWord(std::string_view text) {
  return !text.empty() && IsWordCharacter(DecodeUtf8(text, 0).value);
}

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens)
    : tokens_(std::move(tokens)), trie_(TrieOf(tokens_)) {}

std::optional<TokenTrie::Match> AddedTokens::Reader::NextContent() {
  const TokenTrie& trie = tokens_.trie_;
  for (; position_ < text_.size(); ++position_) {
    if (!trie.BeginsToken(static_cast<unsigned char>(text_[position_]))) continue;
    const TokenTrie::Match match = trie.LongestMatch(TokenTrie::kRoot, text_.substr(position_));
    if (match.id == TokenTrie::kNoToken) continue;
    position_ += match.length;
    return match;
  }
  return std::nullopt;
}

AddedTokens::Match AddedTokens::Reader::WithWhiteSpace(const AddedToken& token, size_t begin,
                                                       size_t end) {
  if (token.lstrip) begin = taken_ < begin ? BeginOfWhiteSpace(text_, taken_, begin) : taken_;
  if (token.rstrip) {
    if (end > white_space_end_) white_space_end_ = EndOfWhiteSpace(text_, end);
    end = white_space_end_;
  }
  return {.id = token.id, .begin = begin, .end = end};
}

std::optional<AddedTokens::Match> AddedTokens::Reader::Next() {
  if (tokens_.tokens_.empty()) return std::nullopt;
  while (const auto content = NextContent()) {
    const AddedToken& token = tokens_.tokens_[content->id];
    const size_t begin = position_ - content->length;
    const bool is_in_word = token.single_word && (EndsWithWord(text_.substr(0, begin)) ||
                                                  BeginsWithWord(text_.substr(position_)));
    if (token.is_split || is_in_word) continue;
    const Match match = WithWhiteSpace(token, begin, position_);
    if (match.begin >= match.end) continue;  // all of it went with the last match
    taken_ = match.end;
    return match;
  }
  return std::nullopt;
}

}  // namespace verdict
