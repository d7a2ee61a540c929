// Which tokens of an input stay when not all fit.
#ifndef VERDICT_ENGINE_TRUNCATION_H_
#define VERDICT_ENGINE_TRUNCATION_H_

#include <cstddef>

namespace verdict {

// Tokens of an input's texts, special tokens not counted. A single text has no pair: 0.
struct TextTokens {
  size_t text = 0;
  size_t text_pair = 0;
};

// How many tokens of each text stay, that together at most `budget` do. The longer text loses
// first, until both are equal; of an odd budget `text_pair` then gets the odd one, unless `text`
// was the longer: Hugging Face's longest_first.
TextTokens LongestFirst(const TextTokens& tokens, size_t budget);

// Of a text with `kept` tokens left, how many are its first ones if the rest are its last:
// a quarter, rounded up (128 of 510, as Sun et al. 2019 found best).
size_t HeadOf(size_t kept);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TRUNCATION_H_
