#include "engine/tokenizer/post_processor.h"

#include <algorithm>

#include "engine/unicode/unicode.h"
#include "engine/unicode/utf8.h"

namespace verdict {
namespace {

// Spells a space: byte_alphabet.h.
constexpr char32_t kSpelledSpace = 0x120;

bool IsSpace(char32_t scalar) {
  return scalar == kSpelledSpace || (ScalarProperties::Get().Of(scalar) & kWhiteSpace) != 0;
}

// Where the scalar value that ends at `end` begins. REQUIRES: end > 0.
size_t PreviousScalar(std::string_view text, size_t end) {
  size_t begin = end - 1;
  while (begin > 0 && IsContinuationByte(text[begin])) --begin;
  return begin;
}

}  // namespace

PostProcessor BertPostProcessor(const SpecialToken& cls, const SpecialToken& sep) {
  return {.single = {.before = {cls}, .after = {sep}},
          .pair = {.before = {cls}, .between = {sep}, .after = {sep}}};
}

PostProcessor RobertaPostProcessor(const SpecialToken& cls, const SpecialToken& sep) {
  return {.single = {.before = {cls}, .after = {sep}},
          .pair = {.before = {cls}, .between = {sep, sep}, .after = {sep}}};
}

EdgeSpaces EdgeSpacesOf(std::string_view token_text) {
  EdgeSpaces spaces;
  for (size_t position = 0; position < token_text.size();) {
    const DecodedScalar decoded = DecodeUtf8(token_text, position);
    if (!IsSpace(decoded.value)) break;
    ++spaces.leading;
    position += decoded.length;
  }
  for (size_t end = token_text.size(); end > 0;) {
    end = PreviousScalar(token_text, end);
    if (!IsSpace(DecodeUtf8(token_text, end).value)) break;
    ++spaces.trailing;
  }
  return spaces;
}

ByteRange Trimmed(std::string_view text, ByteRange range, const EdgeSpaces& spaces, bool is_first,
                  const OffsetTrim& trim) {
  uint32_t leading = spaces.leading;
  if ((is_first || range.begin == 0) && trim.add_prefix_space && leading == 1) leading = 0;
  for (; leading > 0 && range.begin < range.end; --leading) {
    range.begin += DecodeUtf8(text, range.begin).length;
  }
  range.begin = std::min(range.begin, range.end);
  size_t end = range.end;
  uint32_t trailing = spaces.trailing;
  for (; trailing > 0 && end > 0; --trailing) end = PreviousScalar(text, end);
  // The reference leaves the end alone where fewer characters come before it.
  if (trailing == 0) range.end = std::max(end, range.begin);
  return range;
}

}  // namespace verdict
