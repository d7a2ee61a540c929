#include "engine/unicode/normalizer_sequence.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "engine/unicode/unicode.h"
#include "engine/unicode/utf8.h"

namespace verdict {
namespace {

// A scalar value of the text as it is after some steps, and where in the original it came from.
struct AlignedScalar {
  char32_t value;
  uint32_t origin;
};
using AlignedText = std::vector<AlignedScalar>;

uint8_t PropertiesOf(char32_t scalar) { return ScalarProperties::Get().Of(scalar); }

bool IsWhiteSpace(char32_t scalar) { return (PropertiesOf(scalar) & kWhiteSpace) != 0; }

AlignedText Decode(std::string_view text) {
  AlignedText scalars;
  scalars.reserve(text.size());
  for (size_t position = 0; position < text.size();) {
    const DecodedScalar decoded = DecodeUtf8(text, position);
    scalars.push_back({.value = decoded.value, .origin = static_cast<uint32_t>(position)});
    position += decoded.length;
  }
  return scalars;
}

void Encode(const AlignedText& scalars, NormalizedText* normalized) {
  for (const AlignedScalar& scalar : scalars) {
    AppendUtf8(scalar.value, &normalized->text);
    normalized->origins.resize(normalized->text.size(), scalar.origin);
  }
}

// Makes `*normalized` the text itself. Whether it could: not if a byte is not UTF-8.
bool Copy(std::string_view text, NormalizedText* normalized) {
  normalized->text.assign(text);
  normalized->origins.resize(text.size());
  for (size_t position = 0; position < text.size();) {
    const uint32_t length = IsAscii(text[position]) ? 1 : DecodeUtf8(text, position).length;
    if (length == 1 && !IsAscii(text[position])) return false;
    std::fill_n(normalized->origins.begin() + static_cast<std::ptrdiff_t>(position), length,
                static_cast<uint32_t>(position));
    position += length;
  }
  return true;
}

void DropAll(uint8_t property, AlignedText* text) {
  std::erase_if(*text, [property](const AlignedScalar& scalar) {
    return (PropertiesOf(scalar.value) & property) != 0;
  });
}

void Clean(AlignedText* text) {
  DropAll(kRemoved, text);
  for (AlignedScalar& scalar : *text) {
    if (IsWhiteSpace(scalar.value)) scalar.value = U' ';
  }
}

void SpaceIdeographs(AlignedText* text) {
  AlignedText spaced;
  spaced.reserve(text->size());
  for (const AlignedScalar& scalar : *text) {
    const bool is_apart = (PropertiesOf(scalar.value) & kIdeograph) != 0;
    if (is_apart) spaced.push_back({.value = U' ', .origin = scalar.origin});
    spaced.push_back(scalar);
    if (is_apart) spaced.push_back({.value = U' ', .origin = scalar.origin});
  }
  *text = std::move(spaced);
}

// A part of a canonical decomposition.
struct Part {
  char32_t value;
  uint8_t combining_class;  // 0: a starter
  bool is_first;
};

uint8_t ClassOf(char32_t scalar) {
  return (PropertiesOf(scalar) & kNonStarter) != 0 ? CombiningClassOf(scalar) : 0;
}

std::vector<Part> PartsOf(const AlignedText& text) {
  std::vector<Part> parts;
  parts.reserve(text.size());
  for (const AlignedScalar& scalar : text) {
    if ((PropertiesOf(scalar.value) & kDecomposed) == 0) {
      parts.push_back({scalar.value, ClassOf(scalar.value), true});
      continue;
    }
    bool is_first = true;
    for (const char32_t part : DecompositionOf(scalar.value)) {
      parts.push_back({part, ClassOf(part), std::exchange(is_first, false)});
    }
  }
  return parts;
}

void Decompose(AlignedText* text) {
  std::vector<Part> parts = PartsOf(*text);
  const auto is_starter = [](const Part& part) { return part.combining_class == 0; };
  for (auto begin = parts.begin(); begin != parts.end();) {
    begin = std::find_if_not(begin, parts.end(), is_starter);
    const auto end = std::find_if(begin, parts.end(), is_starter);
    std::stable_sort(begin, end, [](const Part& a, const Part& b) {
      return a.combining_class < b.combining_class;
    });
    begin = end;
  }
  // By position, not by identity: see Walk::EmitSortedRun in normalizer.cc.
  AlignedText decomposed;
  decomposed.reserve(parts.size());
  size_t taken = 0;
  for (const Part& part : parts) {
    if (part.is_first) ++taken;
    decomposed.push_back(
        {.value = part.value, .origin = (*text)[std::max<size_t>(taken, 1) - 1].origin});
  }
  *text = std::move(decomposed);
}

void Lowercase(AlignedText* text) {
  AlignedText lowered;
  lowered.reserve(text->size());
  for (const AlignedScalar& scalar : *text) {
    if ((PropertiesOf(scalar.value) & kLowercased) == 0) {
      lowered.push_back(scalar);
      continue;
    }
    for (const char32_t lower : LowercaseOf(scalar.value)) {
      lowered.push_back({.value = lower, .origin = scalar.origin});
    }
  }
  *text = std::move(lowered);
}

void Take(const NormalizerOptions& options, AlignedText* text) {
  if (options.clean_text) Clean(text);
  if (options.handle_chinese_chars) SpaceIdeographs(text);
  if (options.strip_accents) {
    Decompose(text);
    DropAll(kMark, text);
  }
  if (options.lowercase) Lowercase(text);
}

void Take(const LowercaseStep&, AlignedText* text) { Lowercase(text); }

void Take(const NfdStep&, AlignedText* text) { Decompose(text); }

void Take(const StripAccentsStep&, AlignedText* text) {
  std::erase_if(*text, [](const AlignedScalar& scalar) { return IsCombiningMark(scalar.value); });
}

void Take(const StripStep& strip, AlignedText* text) {
  const auto is_kept = [](const AlignedScalar& scalar) { return !IsWhiteSpace(scalar.value); };
  if (strip.right) {
    text->erase(std::find_if(text->rbegin(), text->rend(), is_kept).base(), text->end());
  }
  if (strip.left) {
    text->erase(text->begin(), std::find_if(text->begin(), text->end(), is_kept));
  }
}

void Take(const ReplaceStep& replace, AlignedText* text) {
  const AlignedText pattern = Decode(replace.pattern);
  const AlignedText content = Decode(replace.content);
  const auto is_equal = [](const AlignedScalar& a, const AlignedScalar& b) {
    return a.value == b.value;
  };
  AlignedText replaced;
  for (auto begin = text->begin();;) {
    const auto found = std::search(begin, text->end(), pattern.begin(), pattern.end(), is_equal);
    replaced.insert(replaced.end(), begin, found);
    if (found == text->end()) break;
    begin = found + static_cast<std::ptrdiff_t>(pattern.size());
    // All of the content stems from the last scalar that it replaces.
    for (const AlignedScalar& scalar : content) {
      replaced.push_back({.value = scalar.value, .origin = (begin - 1)->origin});
    }
  }
  *text = std::move(replaced);
}

}  // namespace

NormalizerSequence::NormalizerSequence(std::vector<NormalizerStep> steps)
    : steps_(std::move(steps)) {
  if (steps_.size() != 1) return;
  const auto* const options = std::get_if<NormalizerOptions>(&steps_[0]);
  if (options != nullptr) bert_.emplace(*options);
}

void NormalizerSequence::Normalize(std::string_view text, NormalizedText* normalized) const {
  if (bert_) return bert_->Normalize(text, normalized);
  if (steps_.empty() && Copy(text, normalized)) return;
  AlignedText scalars = Decode(text);
  for (const NormalizerStep& step : steps_) {
    std::visit([&scalars](const auto& taken) { Take(taken, &scalars); }, step);
  }
  normalized->text.clear();
  normalized->origins.clear();
  Encode(scalars, normalized);
}

}  // namespace verdict
