// Random numbers for tests of kernels.
#ifndef VERDICT_TESTS_ENGINE_RANDOM_NUMBERS_H_
#define VERDICT_TESTS_ENGINE_RANDOM_NUMBERS_H_

#include <cstddef>
#include <random>
#include <vector>

namespace verdict {

// `size` numbers around 0, of both signs; `scale` is their standard deviation. The same from the
// same seed.
inline std::vector<float> RandomNumbers(size_t size, int seed, float scale = 1) {
  std::minstd_rand random(seed);
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> numbers(size);
  for (float& number : numbers) number = normal(random);
  return numbers;
}

}  // namespace verdict

#endif  // VERDICT_TESTS_ENGINE_RANDOM_NUMBERS_H_
