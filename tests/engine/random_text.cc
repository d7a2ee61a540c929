#include "tests/engine/random_text.h"

#include <cstddef>
#include <string_view>

#include "engine/unicode/utf8.h"

namespace verdict {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// These tables are random_text.py's; what each is for stands there.
constexpr Range kRanges[] = {
    {0x21, 0x7E},       {0xA0, 0xFF},       {0x100, 0x24F},     {0x2B0, 0x36F},
    {0x370, 0x3FF},     {0x400, 0x52F},     {0x591, 0x5F4},     {0x600, 0x6FF},
    {0x900, 0x97F},     {0xE00, 0xE7F},     {0xF00, 0xFFF},     {0x1100, 0x11FF},
    {0x1AB0, 0x1AFF},   {0x1DC0, 0x1DFF},   {0x1E00, 0x1FFF},   {0x2000, 0x20FF},
    {0x2100, 0x218F},   {0x2C00, 0x2DFF},   {0x3000, 0x30FF},   {0x3400, 0x3420},
    {0x4E00, 0x4E7F},   {0xA640, 0xA6FF},   {0xA720, 0xA8FF},   {0xAC00, 0xAD00},
    {0xD7A0, 0xD7FF},   {0xE000, 0xE010},   {0xF900, 0xFAFF},   {0xFB00, 0xFB4F},
    {0xFE00, 0xFE6F},   {0xFF00, 0xFFFF},   {0x10400, 0x1044F}, {0x11100, 0x1114F},
    {0x16B30, 0x16B36}, {0x1D100, 0x1D1FF}, {0x1E000, 0x1E02A}, {0x1E8D0, 0x1E95F},
    {0x1F600, 0x1F64F}, {0x20000, 0x20010}, {0x2B810, 0x2B930}, {0x2F800, 0x2FA1F},
    {0xE0000, 0xE01EF}};

constexpr char32_t kMarks[] = {
    0x300,  0x301,  0x308,  0x316,   0x321,   0x334,   0x327,   0x344,   0x345,   0x35C,   0x483,
    0x5B0,  0x5BF,  0x64B,  0x670,   0x93C,   0x94D,   0xE38,   0xE48,   0xF71,   0xF72,   0xF73,
    0xF75,  0xF81,  0x1037, 0x1A60,  0x1DCE,  0x1DFA,  0x20D2,  0x302A,  0x302E,  0x302F,  0x3099,
    0xA953, 0xFB1E, 0xFE20, 0x110BA, 0x1D165, 0x1D166, 0x1D16D, 0x1D17B, 0x1E000, 0x1E8D0, 0x1E94A};

constexpr char32_t kControls[] = {0x0,    0x1,    0x9,    0xA,    0xB,    0xC,    0xD,
                                  0x1C,   0x20,   0x7F,   0x85,   0xA0,   0xAD,   0x61C,
                                  0x1680, 0x180E, 0x2000, 0x200B, 0x200D, 0x2028, 0x2029,
                                  0x202F, 0x3000, 0xFEFF, 0xFFFD, 0xE0001};

constexpr std::string_view kAdded[] = {"[PAD]",
                                       "[UNK]",
                                       "[CLS]",
                                       "[SEP]",
                                       "[MASK]",
                                       "[sep]",
                                       "[ENT]",
                                       "[ENT][ENT]",
                                       "<s>",
                                       "</s>",
                                       "@user",
                                       "@USER",
                                       "#tag",
                                       "\u00dcn\u00efcode URL",
                                       "U\u0308ni\u0308code URL"};

constexpr char32_t kRepeated[] = {0x61, 0xE9, 0x6F22, 0x301, 0x23};

constexpr char32_t kScalarsAndSurrogates = 0x110000;

template <typename Value, size_t kSize>
const Value& Pick(const Value (&values)[kSize], SplitMix64* random) {
  return values[random->Below(kSize)];
}

char32_t ScalarOfRanges(SplitMix64* random) {
  const Range& range = Pick(kRanges, random);
  return range.first + static_cast<char32_t>(random->Below(range.last - range.first + 1));
}

char32_t AnyScalar(SplitMix64* random) {
  const auto value = static_cast<char32_t>(random->Below(kScalarsAndSurrogates));
  return value >= 0xD800 && value <= 0xDFFF ? U'x' : value;
}

void AppendWord(const std::vector<std::string>& vocabulary, SplitMix64* random, std::string* text) {
  const std::string& word = vocabulary[random->Below(vocabulary.size())];
  const bool in_capitals = random->Below(4) == 0;
  for (const char byte : word) {
    const bool is_small = byte >= 'a' && byte <= 'z';
    text->push_back(in_capitals && is_small ? static_cast<char>(byte - 'a' + 'A') : byte);
  }
}

void AppendRepetition(SplitMix64* random, std::string* text) {
  const char32_t scalar = Pick(kRepeated, random);
  for (uint64_t count = 9 + random->Below(100); count > 0; --count) AppendUtf8(scalar, text);
}

void AppendMarks(SplitMix64* random, std::string* text) {
  for (uint64_t count = 1 + random->Below(6); count > 0; --count) {
    AppendUtf8(Pick(kMarks, random), text);
  }
}

void AppendPiece(const std::vector<std::string>& vocabulary, SplitMix64* random,
                 std::string* text) {
  switch (const uint64_t kind = random->Below(12)) {
    case 6:
      return AppendUtf8(ScalarOfRanges(random), text);
    case 7:
      return AppendUtf8(AnyScalar(random), text);
    case 8:
      return AppendMarks(random, text);
    case 9:
      return AppendUtf8(Pick(kControls, random), text);
    case 10:
      text->append(Pick(kAdded, random));
      return;
    case 11:
      if (random->Below(4) == 0) return AppendRepetition(random, text);
      return AppendUtf8(0x21 + static_cast<char32_t>(random->Below(0x5E)), text);
    default:
      if (kind < 4) return AppendWord(vocabulary, random, text);
      text->push_back(' ');
  }
}

}  // namespace

uint64_t SplitMix64::Below(uint64_t bound) {
  state_ += 0x9E3779B97F4A7C15;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return (z ^ (z >> 31)) % bound;
}

std::string RandomText(uint64_t seed, const std::vector<std::string>& vocabulary) {
  SplitMix64 random(seed);
  std::string text;
  for (uint64_t pieces = 1 + random.Below(24); pieces > 0; --pieces) {
    AppendPiece(vocabulary, &random, &text);
  }
  return text;
}

}  // namespace verdict
