#include "engine/unicode/words.h"

#include <cstdint>

#include "engine/unicode/utf8.h"

namespace verdict {

WordReader::Scalar WordReader::ScalarAt(size_t position) const {
  const auto byte = static_cast<unsigned char>(text_[position]);
  if (byte < 0x80) return {.properties = properties_.Of(byte), .length = 1};
  const DecodedScalar decoded = DecodeUtf8(text_, position);
  return {.properties = properties_.Of(decoded.value), .length = decoded.length};
}

std::string_view WordReader::Next() {
  size_t begin = position_;
  size_t end = position_;
  while (end < text_.size()) {
    const Scalar scalar = ScalarAt(end);
    if ((scalar.properties & (kWhiteSpace | kPunctuation)) == 0) {
      end += scalar.length;
      continue;
    }
    if (end > begin) break;
    end += scalar.length;
    if (scalar.properties & kPunctuation) break;
    begin = end;
  }
  position_ = end;
  return text_.substr(begin, end - begin);
}

}  // namespace verdict
