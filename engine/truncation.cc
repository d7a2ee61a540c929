#include "engine/truncation.h"

#include <algorithm>
#include <utility>

namespace verdict {

TextTokens LongestFirst(const TextTokens& tokens, size_t budget) {
  if (tokens.text + tokens.text_pair <= budget) return tokens;
  size_t shorter = std::min(tokens.text, tokens.text_pair);
  shorter = std::min(shorter, budget / 2);
  size_t longer = budget - shorter;
  if (tokens.text > tokens.text_pair) std::swap(shorter, longer);
  return {.text = shorter, .text_pair = longer};
}

size_t HeadOf(size_t kept) { return (kept + 3) / 4; }

}  // namespace verdict
