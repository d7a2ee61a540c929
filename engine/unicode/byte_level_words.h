// The words of a text as GPT-2's tokenizer splits it (Radford et al. 2019).
#ifndef VERDICT_ENGINE_UNICODE_BYTE_LEVEL_WORDS_H_
#define VERDICT_ENGINE_UNICODE_BYTE_LEVEL_WORDS_H_

#include <cstddef>
#include <string_view>

#include "engine/unicode/scalar_class.h"

namespace verdict {

// GPT-2's regular expression. ByteLevelWordReader finds the same matches in one pass without it.
inline constexpr char kByteLevelPattern[] =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// Reads a text word by word, as Hugging Face's pre-tokenizer ByteLevel splits it. A word keeps the
// space before it, and all words together are the text: "it's  2 late" is "it", "'s", " ", " 2",
// " late". Borrows the text.
class ByteLevelWordReader {
 public:
  explicit ByteLevelWordReader(std::string_view text)
      : text_(text), classes_(ScalarClasses::Get()) {}

  // The next word, a part of the text; empty at the end. A byte that is not UTF-8 is read as
  // U+FFFD.
  std::string_view Next();

 private:
  struct Scalar {
    ScalarClass scalar_class;
    size_t length;
  };

  // REQUIRES: position < text_.size().
  Scalar ScalarAt(size_t position) const;

  // The end of the longest run of one class that begins at `position`.
  size_t EndOfRun(size_t position) const;

  // The end of the word that the white space at position_ begins, or is.
  size_t EndOfWhiteSpace() const;

  std::string_view text_;
  const ScalarClasses& classes_;
  size_t position_ = 0;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_UNICODE_BYTE_LEVEL_WORDS_H_
