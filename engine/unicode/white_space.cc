#include "engine/unicode/white_space.h"

#include "engine/unicode/unicode.h"
#include "engine/unicode/utf8.h"

namespace verdict {
namespace {

bool IsWhiteSpace(char32_t scalar) {
  return (ScalarProperties::Get().Of(scalar) & kWhiteSpace) != 0;
}

}  // namespace

size_t EndOfWhiteSpace(std::string_view text, size_t begin) {
  while (begin < text.size()) {
    const DecodedScalar decoded = DecodeUtf8(text, begin);
    if (!IsWhiteSpace(decoded.value)) break;
    begin += decoded.length;
  }
  return begin;
}

size_t BeginOfWhiteSpace(std::string_view text, size_t from, size_t end) {
  while (end > from) {
    size_t begin = end - 1;
    while (begin > from && IsContinuationByte(text[begin])) --begin;
    const DecodedScalar decoded = DecodeUtf8(text.substr(0, end), begin);
    if (!IsWhiteSpace(decoded.value) || begin + decoded.length != end) break;
    end = begin;
  }
  return end;
}

}  // namespace verdict
