// What the reference tokenizer believes about a scalar value of Unicode.
//
// Its beliefs are frozen: categories of Unicode 8, decompositions of Unicode 9, lowercase of a
// later one. A library with current tables would disagree with it on hundreds of signs, so ours are
// made from the reference itself (unicode_tables.py).
#ifndef VERDICT_ENGINE_UNICODE_UNICODE_H_
#define VERDICT_ENGINE_UNICODE_UNICODE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace verdict {

inline constexpr char32_t kMaxScalar = 0x10FFFF;

// Bits of ScalarProperties::Of.
enum Property : uint8_t {
  kRemoved = 1 << 0,     // deleted when text is cleaned: controls, formats, private use, 0, FFFD
  kWhiteSpace = 1 << 1,  // separates words
  kIdeograph = 1 << 2,   // CJK: a word of its own
  kMark = 1 << 3,        // a non-spacing mark: an "accent" to strip
  kPunctuation = 1 << 4,
  kNonStarter = 1 << 5,  // has a combining class: marks in a row are sorted by it
  kDecomposed = 1 << 6,  // canonically equal to other scalars
  kLowercased = 1 << 7,  // has a lowercase that differs
};

// The properties of every scalar value: a byte each, 1.1 MB, of which ordinary text touches a few
// hundred bytes. Immutable; any thread may use it.
class ScalarProperties {
 public:
  static const ScalarProperties& Get();

  // Property bits. REQUIRES: scalar <= kMaxScalar.
  uint8_t Of(char32_t scalar) const { return bits_[scalar]; }

 private:
  ScalarProperties();

  std::vector<uint8_t> bits_;
};

// At most four scalars, as one becomes another's decomposition or lowercase.
struct ScalarSequence {
  std::array<char32_t, 4> scalars = {};
  size_t size = 0;

  const char32_t* begin() const { return scalars.data(); }
  const char32_t* end() const { return scalars.data() + size; }
};

// The full canonical decomposition (NFD). REQUIRES: `scalar` is kDecomposed.
ScalarSequence DecompositionOf(char32_t scalar);

// The full lowercase mapping, whatever the neighbours. REQUIRES: `scalar` is kLowercased.
ScalarSequence LowercaseOf(char32_t scalar);

// The canonical combining class. REQUIRES: `scalar` is kNonStarter.
uint8_t CombiningClassOf(char32_t scalar);

// Whether a regular expression's \w matches: letters, digits, marks, connectors such as "_".
bool IsWordCharacter(char32_t scalar);

// Whether the normalizer StripAccents drops it: any mark, spacing and enclosing ones too.
bool IsCombiningMark(char32_t scalar);

}  // namespace verdict

#endif  // VERDICT_ENGINE_UNICODE_UNICODE_H_
