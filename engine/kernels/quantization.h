// Numbers rounded to fewer bits, a row at a time, in Highway: one source, every instruction set,
// chosen when first called. A row's result is a function of that row alone.
#ifndef VERDICT_ENGINE_KERNELS_QUANTIZATION_H_
#define VERDICT_ENGINE_KERNELS_QUANTIZATION_H_

#include <cstddef>
#include <cstdint>

namespace verdict {

// The bits of a bfloat16: the upper half of a float32's.
using Bf16 = uint16_t;

// How integers stand for numbers: a number is scale * (integer - zero_point).
struct Quantization {
  float scale = 0;
  int32_t zero_point = 0;
};

// y = x [size], each rounded to the nearest, ties to even.
void RoundToBf16(const float* x, size_t size, Bf16* y);

// The slices of a number of QuantizeToInt24.
inline constexpr int kInt24Slices = 3;
// Slices of one kind lie together for so many numbers.
inline constexpr int kInt24Together = 64;
// The largest integer of three bytes with a sign each is 0x7F7F7F; the rest is room for rounding.
inline constexpr int kLargestInt24 = 0x7F7F00;

// As QuantizeToInt16 with kLargestInt24, but y is [size / kInt24Together, kInt24Slices,
// kInt24Together]: of each number, as (high * 256 + middle) * 256 + low, the three bytes with a
// sign. `size` may end within a group; numbers beyond `size` are not written.
float QuantizeToInt24(const float* x, size_t size, int8_t* y);

// The largest integer that QuantizeToInt16 makes. The fewer bits a row has, the more are left for
// the weights that it is multiplied with (QuantizeForPanel): these err about alike.
inline constexpr int kLargestInt16 = 4095;

// y = round(x / scale) [size] with the smallest scale that keeps all within -kLargestInt16 to
// kLargestInt16; returns it. A NaN in x makes the scale NaN.
float QuantizeToInt16(const float* x, size_t size, int16_t* y);

// y = round(x / scale) [size], for a scale that keeps all within -32767 to 32767. If the scale is
// NaN, y may be anything.
void RoundToInt16(const float* x, size_t size, float scale, int16_t* y);

// y = round(x / scale) [size] with the smallest scale that keeps all within -127 to 127; returns
// the scale. A NaN in x makes the scale NaN, so that the NaN is not lost.
float QuantizeToInt8(const float* x, size_t size, int8_t* y);

// y = round(x / scale) [size], for a scale that keeps all within -127 to 127. If the scale is
// NaN, y may be anything.
void RoundToInt8(const float* x, size_t size, float scale, int8_t* y);

// y = round(x / scale) + zero_point [size], with a scale and a zero point that take the smallest
// number of x to 0 and the largest to 255, and zero to an integer. A NaN in x makes the scale NaN.
Quantization QuantizeToUint8(const float* x, size_t size, uint8_t* y);

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_QUANTIZATION_H_
