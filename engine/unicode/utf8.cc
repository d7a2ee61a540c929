#include "engine/unicode/utf8.h"

#include <cstring>

namespace verdict {
namespace {

// A lead byte's promise. The second byte's bounds are what excludes overlong forms (E0, F0),
// surrogates (ED) and values over 10FFFF (F4); later bytes are always 80..BF.
struct Sequence {
  uint32_t length;  // 0: no sequence begins with this byte
  unsigned char second_min;
  unsigned char second_max;
};

constexpr Sequence SequenceOf(unsigned char lead) {
  if (lead < 0x80) return {.length = 1, .second_min = 0, .second_max = 0};
  if (lead < 0xC2) return {.length = 0, .second_min = 0, .second_max = 0};
  if (lead < 0xE0) return {.length = 2, .second_min = 0x80, .second_max = 0xBF};
  if (lead == 0xE0) return {.length = 3, .second_min = 0xA0, .second_max = 0xBF};
  if (lead == 0xED) return {.length = 3, .second_min = 0x80, .second_max = 0x9F};
  if (lead < 0xF0) return {.length = 3, .second_min = 0x80, .second_max = 0xBF};
  if (lead == 0xF0) return {.length = 4, .second_min = 0x90, .second_max = 0xBF};
  if (lead < 0xF4) return {.length = 4, .second_min = 0x80, .second_max = 0xBF};
  if (lead == 0xF4) return {.length = 4, .second_min = 0x80, .second_max = 0x8F};
  return {.length = 0, .second_min = 0, .second_max = 0};
}

// Length of the well-formed sequence at text[position]; 0 if there is none.
uint32_t SequenceLength(std::string_view text, size_t position) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[position + i]); };
  const Sequence sequence = SequenceOf(byte(0));
  if (sequence.length > text.size() - position) return 0;
  if (sequence.length < 2) return sequence.length;
  if (byte(1) < sequence.second_min || byte(1) > sequence.second_max) return 0;
  for (uint32_t i = 2; i < sequence.length; ++i) {
    if (!IsContinuationByte(text[position + i])) return 0;
  }
  return sequence.length;
}

}  // namespace

std::optional<size_t> FindInvalidUtf8(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  size_t position = 0;
  while (position < text.size()) {
    // Eight ASCII bytes in one step: what most texts are made of.
    uint64_t word;
    if (text.size() - position >= sizeof(word)) {
      std::memcpy(&word, text.data() + position, sizeof(word));
      if ((word & kHighBits) == 0) {
        position += sizeof(word);
        continue;
      }
    }
    const uint32_t length = SequenceLength(text, position);
    if (length == 0) return position;
    position += length;
  }
  return std::nullopt;
}

DecodedScalar DecodeUtf8(std::string_view text, size_t position) {
  const uint32_t length = SequenceLength(text, position);
  const auto byte = [&](size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[position + i]));
  };
  const auto low6 = [&](size_t i) { return byte(i) & 0x3F; };
  switch (length) {
    case 1:
      return {.value = byte(0), .length = 1};
    case 2:
      return {.value = (byte(0) & 0x1F) << 6 | low6(1), .length = 2};
    case 3:
      return {.value = (byte(0) & 0x0F) << 12 | low6(1) << 6 | low6(2), .length = 3};
    case 4:
      return {.value = (byte(0) & 0x07) << 18 | low6(1) << 12 | low6(2) << 6 | low6(3),
              .length = 4};
    default:
      return {.value = kReplacementCharacter, .length = 1};
  }
}

void AppendUtf8(char32_t scalar, std::string* text) {
  const auto append = [text](char32_t byte) { text->push_back(static_cast<char>(byte)); };
  if (scalar < 0x80) {
    append(scalar);
    return;
  }
  if (scalar < 0x800) {
    append(0xC0 | scalar >> 6);
  } else {
    if (scalar < 0x10000) {
      append(0xE0 | scalar >> 12);
    } else {
      append(0xF0 | scalar >> 18);
      append(0x80 | (scalar >> 12 & 0x3F));
    }
    append(0x80 | (scalar >> 6 & 0x3F));
  }
  append(0x80 | (scalar & 0x3F));
}

}  // namespace verdict
