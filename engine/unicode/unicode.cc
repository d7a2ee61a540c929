#include "engine/unicode/unicode.h"

#include <algorithm>
#include <iterator>

namespace verdict {
namespace {

// Rows of unicode_tables.inc, sorted; both ends of a range belong to it.
struct PropertyRange {
  char32_t first;
  char32_t last;
  uint8_t bits;
};

struct ClassRange {
  char32_t first;
  char32_t last;
  uint8_t combining_class;
};

struct ScalarRange {
  char32_t first;
  char32_t last;
};

// Every `stride`-th scalar from `first` to `last` has itself plus `delta` as its lowercase.
struct LowercaseRange {
  char32_t first;
  char32_t last;
  int32_t stride;
  int32_t delta;
};

// Where `scalar`'s decomposition begins among kDecompositionParts; it ends where the next begins.
struct DecompositionStart {
  char32_t scalar;
  uint32_t part;
};

#include "engine/unicode/unicode_tables.inc"

// The only scalar whose lowercase is two: I with a dot becomes i and the dot.
constexpr char32_t kCapitalIWithDot = 0x0130;
constexpr char32_t kCombiningDot = 0x0307;

// Hangul syllables decompose by arithmetic (the Unicode Standard, section 3.12).
constexpr char32_t kFirstSyllable = 0xAC00;
constexpr char32_t kLastSyllable = 0xD7A3;
constexpr char32_t kFirstLead = 0x1100;
constexpr char32_t kFirstVowel = 0x1161;
constexpr char32_t kBeforeFirstTrail = 0x11A7;
constexpr char32_t kTrails = 28;  // the absent one counted
constexpr char32_t kSyllablesPerLead = 21 * kTrails;

ScalarSequence DecomposeSyllable(char32_t scalar) {
  const char32_t index = scalar - kFirstSyllable;
  const char32_t trail = index % kTrails;
  ScalarSequence parts = {.scalars = {kFirstLead + index / kSyllablesPerLead,
                                      kFirstVowel + index % kSyllablesPerLead / kTrails},
                          .size = 2};
  if (trail != 0) parts.scalars[parts.size++] = kBeforeFirstTrail + trail;
  return parts;
}

// The range of `ranges` with `scalar` in it or after all of it. REQUIRES: there is one.
template <typename Range, size_t kSize>
const Range& RangeOf(const Range (&ranges)[kSize], char32_t scalar) {
  return *std::partition_point(std::begin(ranges), std::end(ranges),
                               [scalar](const Range& range) { return range.last < scalar; });
}

template <size_t kSize>
bool IsIn(const ScalarRange (&ranges)[kSize], char32_t scalar) {
  const auto found =
      std::partition_point(std::begin(ranges), std::end(ranges),
                           [scalar](const ScalarRange& range) { return range.last < scalar; });
  return found != std::end(ranges) && found->first <= scalar;
}

}  // namespace

const ScalarProperties& ScalarProperties::Get() {
  static const ScalarProperties* const kProperties = new ScalarProperties;
  return *kProperties;
}

ScalarProperties::ScalarProperties() : bits_(kMaxScalar + 1) {
  const auto set = [this](char32_t first, char32_t last, int32_t stride, uint8_t bits) {
    for (char32_t scalar = first; scalar <= last; scalar += stride) bits_[scalar] |= bits;
  };
  for (const auto& range : kProperties) set(range.first, range.last, 1, range.bits);
  for (const auto& range : kCombiningClasses) set(range.first, range.last, 1, kNonStarter);
  for (const auto& range : kLowercases) set(range.first, range.last, range.stride, kLowercased);
  bits_[kCapitalIWithDot] |= kLowercased;
  for (const auto& start : kDecompositionStarts) {
    if (start.scalar <= kMaxScalar) bits_[start.scalar] |= kDecomposed;
  }
  set(kFirstSyllable, kLastSyllable, 1, kDecomposed);
}

ScalarSequence DecompositionOf(char32_t scalar) {
  if (scalar >= kFirstSyllable && scalar <= kLastSyllable) return DecomposeSyllable(scalar);
  const DecompositionStart* const start = std::partition_point(
      std::begin(kDecompositionStarts), std::end(kDecompositionStarts),
      [scalar](const DecompositionStart& other) { return other.scalar < scalar; });
  ScalarSequence parts = {.size = start[1].part - start[0].part};
  std::copy_n(kDecompositionParts + start->part, parts.size, parts.scalars.begin());
  return parts;
}

ScalarSequence LowercaseOf(char32_t scalar) {
  if (scalar == kCapitalIWithDot) return {.scalars = {U'i', kCombiningDot}, .size = 2};
  return {.scalars = {scalar + RangeOf(kLowercases, scalar).delta}, .size = 1};
}

uint8_t CombiningClassOf(char32_t scalar) {
  return RangeOf(kCombiningClasses, scalar).combining_class;
}

bool IsWordCharacter(char32_t scalar) { return IsIn(kWordCharacters, scalar); }

bool IsCombiningMark(char32_t scalar) { return IsIn(kCombiningMarks, scalar); }

}  // namespace verdict
