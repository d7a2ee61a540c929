// Which tokens of an input stay when not all fit.
#ifndef VERDICT_ENGINE_TOKENIZER_TRUNCATION_H_
#define VERDICT_ENGINE_TOKENIZER_TRUNCATION_H_

#include <cstddef>
#include <vector>

namespace verdict {

// Tokens of an input's texts, special tokens not counted. A single text has no pair: 0.
struct TextTokens {
  size_t text = 0;
  size_t text_pair = 0;
};

// How many tokens of each text stay, that together at most `budget` do. The longer text loses
// first, until both are equal; then both lose, and the odd one of the budget goes to the longer
// text, or to `text_pair` if they were equal: Hugging Face's longest_first.
TextTokens LongestFirst(const TextTokens& tokens, size_t budget);

// The tokens [begin, end) of one text that a word became.
struct WordTokens {
  size_t begin = 0;
  size_t end = 0;
};

// How many of a text's `total` tokens the reference knows of when it compares two texts. It reads
// from the end that stays, and stops after the word that makes it `limit` tokens or more (the limit
// of the whole input; added tokens are no words, and are read over). So of two texts beyond the
// limit, the longer need not be the one that gets the odd token. `words` are in order.
size_t TokensReadFromBegin(const std::vector<WordTokens>& words, size_t total, size_t limit);
size_t TokensReadFromEnd(const std::vector<WordTokens>& words, size_t total, size_t limit);

// Of a text with `kept` tokens left, how many are its first ones if the rest are its last:
// a quarter, rounded up (128 of 510, as Sun et al. 2019 found best).
size_t HeadOf(size_t kept);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_TRUNCATION_H_
