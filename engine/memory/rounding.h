// Division that rounds up, of numbers that are not negative.
#ifndef VERDICT_ENGINE_MEMORY_ROUNDING_H_
#define VERDICT_ENGINE_MEMORY_ROUNDING_H_

namespace verdict {

// How many pieces of `size` hold `amount`.
template <class T>
constexpr T DivideUp(T amount, T size) {
  return (amount + size - 1) / size;
}

// The smallest multiple of `size` that holds `amount`.
template <class T>
constexpr T RoundUp(T amount, T size) {
  return DivideUp(amount, size) * size;
}

}  // namespace verdict

#endif  // VERDICT_ENGINE_MEMORY_ROUNDING_H_
