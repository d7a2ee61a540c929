// What the weights of the matrix products, and the rows that they take, are rounded to.
#ifndef VERDICT_ENGINE_PRECISION_H_
#define VERDICT_ENGINE_PRECISION_H_

#include <cstddef>
#include <optional>
#include <string_view>

namespace verdict {

// All else (sums, normalisations, attention, the classifier's head) is float32 in each of them.
enum class Precision {
  kF32,
  kBf16,  // 8 bits of mantissa, or integers about as exact (Int16Rows)
  kInt8,  // 255 or 256 steps: a scale for each output's weights, and for each token's activations
};

// Bytes of one number.
size_t ElementSize(Precision precision);

// "f32", "bf16" or "int8".
std::string_view PrecisionName(Precision precision);

// The precision of that name; nothing for other text.
std::optional<Precision> PrecisionOf(std::string_view name);

}  // namespace verdict

#endif  // VERDICT_ENGINE_PRECISION_H_
