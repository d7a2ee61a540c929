// The words of a normalized text: what stands between white space, punctuation apart.
#ifndef VERDICT_ENGINE_UNICODE_WORDS_H_
#define VERDICT_ENGINE_UNICODE_WORDS_H_

#include <cstddef>
#include <string_view>

#include "engine/unicode/unicode.h"

namespace verdict {

// Reads a text word by word, as Hugging Face's BertPreTokenizer splits it: at white space, and each
// punctuation sign is a word of its own. Borrows the text.
class WordReader {
 public:
  explicit WordReader(std::string_view text) : text_(text), properties_(ScalarProperties::Get()) {}

  // The next word, a part of the text; empty at the end.
  std::string_view Next();

 private:
  struct Scalar {
    uint8_t properties;
    size_t length;
  };

  Scalar ScalarAt(size_t position) const;

  std::string_view text_;
  const ScalarProperties& properties_;
  size_t position_ = 0;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_UNICODE_WORDS_H_
