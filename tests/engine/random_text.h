// Random texts, the same from the same seed as tests/golden/tokenizer/random_text.py makes them.
#ifndef VERDICT_TESTS_ENGINE_RANDOM_TEXT_H_
#define VERDICT_TESTS_ENGINE_RANDOM_TEXT_H_

#include <cstdint>
#include <string>
#include <vector>

namespace verdict {

// Splitmix64 (Steele, Lea and Flood 2014): a few lines in any language, the same numbers in each.
class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}

  // A number from 0 to bound - 1.
  uint64_t Below(uint64_t bound);

 private:
  uint64_t state_;
};

// The text of `seed`: words of `vocabulary`, letters of many scripts, marks in any order, controls,
// special tokens, long repetitions.
std::string RandomText(uint64_t seed, const std::vector<std::string>& vocabulary);

}  // namespace verdict

#endif  // VERDICT_TESTS_ENGINE_RANDOM_TEXT_H_
