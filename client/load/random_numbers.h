// Random numbers that are the same everywhere for the same seed.
#ifndef VERDICT_CLIENT_LOAD_RANDOM_NUMBERS_H_
#define VERDICT_CLIENT_LOAD_RANDOM_NUMBERS_H_

#include <cmath>
#include <cstdint>
#include <random>

namespace verdict {

// The standard's engines are fixed to the bit, but its distributions are not: these are.
//
// Not thread-safe.
class RandomNumbers {
 public:
  explicit RandomNumbers(uint64_t seed) : engine_(seed) {}

  // In [0, 1).
  double Uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

  // Exponentially distributed, with mean 1.
  double Exponential() { return -std::log1p(-Uniform()); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_RANDOM_NUMBERS_H_
