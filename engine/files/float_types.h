// Half-width floats, widened exactly: float32 holds every value of both types.
#ifndef VERDICT_ENGINE_FILES_FLOAT_TYPES_H_
#define VERDICT_ENGINE_FILES_FLOAT_TYPES_H_

#include <bit>
#include <cstdint>

namespace verdict {

// bfloat16 is the upper half of a float32.
inline float FloatFromBFloat16(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

// IEEE binary16: 5 exponent bits with bias 15, 10 of fraction.
//
// Shifted into float32's fields the bits mean the value times 2^-112 (the biases' difference), for
// normal and subnormal numbers alike, and the product is exact. Only the largest exponent, infinity
// and NaN, has to be put right. Without branches, so that loops over it vectorise.
inline float FloatFromFloat16(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  const uint32_t magnitude = bits & 0x7FFF;
  const uint32_t scaled = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude << 13) * 0x1p112f);
  const uint32_t non_finite = magnitude >= 0x7C00 ? 0x7F800000 : 0;
  return std::bit_cast<float>(sign | scaled | non_finite);
}

}  // namespace verdict

#endif  // VERDICT_ENGINE_FILES_FLOAT_TYPES_H_
