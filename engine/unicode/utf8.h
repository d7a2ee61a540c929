// UTF-8: where a text is malformed, and one scalar value at a time out of it and into it.
#ifndef VERDICT_ENGINE_UNICODE_UTF8_H_
#define VERDICT_ENGINE_UNICODE_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace verdict {

// Byte offset of the first sequence that is not well-formed UTF-8 (Unicode 15, table 3-7: no
// overlong forms, surrogates or values over 10FFFF); nullopt if there is none.
std::optional<size_t> FindInvalidUtf8(std::string_view text);

// A scalar value and the bytes it took; `length` is at least 1.
struct DecodedScalar {
  char32_t value = 0;
  uint32_t length = 1;
};

// What stands for a byte that begins no well-formed sequence.
inline constexpr char32_t kReplacementCharacter = 0xFFFD;

// The scalar value at text[position]. A malformed sequence decodes to U+FFFD of one byte, so a walk
// over any bytes at all ends and never reads outside of them. REQUIRES: position < text.size().
DecodedScalar DecodeUtf8(std::string_view text, size_t position);

inline bool IsAscii(char byte) { return static_cast<unsigned char>(byte) < 0x80; }

// Whether `byte` can only follow the first byte of a sequence. A well-formed text has as many
// scalar values as bytes for which this is false.
inline bool IsContinuationByte(char byte) { return (byte & 0xC0) == 0x80; }

// Appends the encoding of `scalar`. REQUIRES: it is a scalar value.
void AppendUtf8(char32_t scalar, std::string* text);

}  // namespace verdict

#endif  // VERDICT_ENGINE_UNICODE_UTF8_H_
