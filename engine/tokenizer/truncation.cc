#include "engine/tokenizer/truncation.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace verdict {

TextTokens LongestFirst(const TextTokens& tokens, size_t budget) {
  if (tokens.text + tokens.text_pair <= budget) return tokens;
  size_t shorter = std::min(tokens.text, tokens.text_pair);
  shorter = std::min(shorter, budget / 2);
  size_t longer = budget - shorter;
  if (tokens.text > tokens.text_pair) std::swap(shorter, longer);
  return {.text = shorter, .text_pair = longer};
}

size_t TokensReadFromBegin(const std::vector<WordTokens>& words, size_t total, size_t limit) {
  const auto last = std::find_if(words.begin(), words.end(),
                                 [&](const WordTokens& word) { return word.end >= limit; });
  return last == words.end() ? total : last->end;
}

size_t TokensReadFromEnd(const std::vector<WordTokens>& words, size_t total, size_t limit) {
  const auto last = std::find_if(words.rbegin(), words.rend(), [&](const WordTokens& word) {
    return total - word.begin >= limit;
  });
  return last == words.rend() ? total : total - last->begin;
}

size_t HeadOf(size_t kept) { return (kept + 3) / 4; }

}  // namespace verdict
