#include "engine/tokenizer/bpe/byte_alphabet.h"

#include <array>
#include <cstddef>

#include "engine/unicode/utf8.h"

namespace verdict {
namespace {

constexpr int kBytes = 256;
constexpr char32_t kFirstOther = 0x100;
constexpr size_t kCharacters = 0x144;
constexpr int kNoByte = -1;

constexpr bool StandsForItself(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct Alphabet {
  std::array<char32_t, kBytes> characters = {};
  std::array<int, kCharacters> bytes = {};  // by character
};

constexpr Alphabet MakeAlphabet() {
  Alphabet alphabet;
  for (int& byte : alphabet.bytes) byte = kNoByte;
  char32_t next = kFirstOther;
  for (int byte = 0; byte < kBytes; ++byte) {
    const char32_t character = StandsForItself(byte) ? static_cast<char32_t>(byte) : next++;
    alphabet.characters[byte] = character;
    alphabet.bytes[character] = byte;
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = MakeAlphabet();

}  // namespace

char32_t CharacterOfByte(unsigned char byte) { return kAlphabet.characters[byte]; }

std::optional<std::string> SpelledBytes(std::string_view text) {
  std::string bytes;
  for (size_t position = 0; position < text.size();) {
    const DecodedScalar decoded = DecodeUtf8(text, position);
    const int byte = decoded.value < kCharacters ? kAlphabet.bytes[decoded.value] : kNoByte;
    if (byte == kNoByte) return std::nullopt;
    bytes.push_back(static_cast<char>(byte));
    position += decoded.length;
  }
  return bytes;
}

}  // namespace verdict
