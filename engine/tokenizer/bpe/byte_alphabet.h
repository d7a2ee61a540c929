// The characters that stand for bytes in a byte-level vocabulary (Radford et al. 2019).
#ifndef VERDICT_ENGINE_TOKENIZER_BPE_BYTE_ALPHABET_H_
#define VERDICT_ENGINE_TOKENIZER_BPE_BYTE_ALPHABET_H_

#include <optional>
#include <string>
#include <string_view>

namespace verdict {

// The character of `byte`: for printable Latin-1 the character of this code, for the other 68 bytes
// in ascending order U+0100 to U+0143. A space is U+0120.
char32_t CharacterOfByte(unsigned char byte);

// The bytes that `text` spells, e.g. " the" of "\u0120the"; nullopt: it has a character that stands
// for no byte.
std::optional<std::string> SpelledBytes(std::string_view text);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_BPE_BYTE_ALPHABET_H_
