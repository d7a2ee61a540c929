#include "engine/unicode/byte_level_words.h"

#include <string_view>

#include "engine/unicode/utf8.h"

namespace verdict {
namespace {

// The bytes of the English contraction that `text` begins with, e.g. 's; 0: it begins with none.
size_t ContractionLength(std::string_view text) {
  if (text.size() < 2 || text[0] != '\'') return 0;
  for (const std::string_view ending : {"s", "t", "m", "d", "re", "ve", "ll"}) {
    if (text.substr(1, ending.size()) == ending) return 1 + ending.size();
  }
  return 0;
}

}  // namespace

ByteLevelWordReader::Scalar ByteLevelWordReader::ScalarAt(size_t position) const {
  if (IsAscii(text_[position])) {
    return {.scalar_class = classes_.Of(static_cast<unsigned char>(text_[position])), .length = 1};
  }
  const DecodedScalar decoded = DecodeUtf8(text_, position);
  return {.scalar_class = classes_.Of(decoded.value), .length = decoded.length};
}

size_t ByteLevelWordReader::EndOfRun(size_t position) const {
  const Scalar first = ScalarAt(position);
  for (position += first.length; position < text_.size();) {
    const Scalar next = ScalarAt(position);
    if (next.scalar_class != first.scalar_class) break;
    position += next.length;
  }
  return position;
}

size_t ByteLevelWordReader::EndOfWhiteSpace() const {
  size_t end = position_;
  size_t last = position_;  // where the last of the white space begins
  while (end < text_.size()) {
    const Scalar scalar = ScalarAt(end);
    if (scalar.scalar_class != ScalarClass::kWhiteSpace) break;
    last = end;
    end += scalar.length;
  }
  if (end == text_.size()) return end;
  // Before a word, the last of several is left to it; a space alone belongs to the word.
  if (last > position_) return last;
  return text_[position_] == ' ' ? EndOfRun(end) : end;
}

std::string_view ByteLevelWordReader::Next() {
  if (position_ == text_.size()) return {};
  const size_t begin = position_;
  if (const size_t length = ContractionLength(text_.substr(begin)); length > 0) {
    position_ += length;
  } else if (ScalarAt(begin).scalar_class == ScalarClass::kWhiteSpace) {
    position_ = EndOfWhiteSpace();
  } else {
    position_ = EndOfRun(begin);
  }
  return text_.substr(begin, position_ - begin);
}

}  // namespace verdict
