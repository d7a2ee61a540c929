#include "engine/unicode/normalizer.h"

#include <algorithm>
#include <cstddef>

#include "engine/unicode/unicode.h"
#include "engine/unicode/utf8.h"

namespace verdict {
namespace {

constexpr unsigned char kDeleted = 0xFF;

// One pass over one text: each scalar value goes through the steps on its own, except that marks
// wait in `run_` until their run ends and their order is known.
class Walk {
 public:
  Walk(const NormalizerOptions& options, NormalizedText* normalized)
      : options_(options), properties_(ScalarProperties::Get()), normalized_(*normalized) {}

  // Takes a scalar value of the original through all steps.
  void Clean(char32_t scalar, uint32_t origin) {
    const uint8_t properties = properties_.Of(scalar);
    if (options_.clean_text) {
      if (properties & kRemoved) return;
      if (properties & kWhiteSpace) scalar = U' ';
    }
    const bool is_apart = options_.handle_chinese_chars && (properties & kIdeograph) != 0;
    if (is_apart) Append(' ', origin);
    Decompose(scalar, origin);
    if (is_apart) Append(' ', origin);
  }

  // Appends an ASCII character that has all steps behind it.
  void Append(char character, uint32_t origin) {
    EndRun();
    normalized_.text.push_back(character);
    normalized_.origins.push_back(origin);
  }

  // To be called at the end of the text, too.
  void EndRun() {
    if (run_.empty()) return;
    if (some_of_run_stays_) EmitSortedRun();
    run_.clear();
    some_of_run_stays_ = false;
  }

 private:
  // A part of a decomposition with a combining class, waiting for its place in the run.
  struct Pending {
    char32_t scalar;
    uint32_t origin;
    bool is_first_part;
    uint8_t combining_class;
  };

  void Decompose(char32_t scalar, uint32_t origin) {
    if (!options_.strip_accents) return Emit(scalar, origin);
    if ((properties_.Of(scalar) & kDecomposed) == 0) return Reorder(scalar, origin, true);
    bool is_first_part = true;
    for (const char32_t part : DecompositionOf(scalar)) {
      Reorder(part, origin, is_first_part);
      is_first_part = false;
    }
  }

  void Reorder(char32_t scalar, uint32_t origin, bool is_first_part) {
    const uint8_t properties = properties_.Of(scalar);
    if ((properties & kNonStarter) == 0) {
      EndRun();
      if ((properties & kMark) == 0) Emit(scalar, origin);
      return;
    }
    // Nearly every run consists of marks that all go: then neither classes nor order matter.
    if ((properties & kMark) == 0) some_of_run_stays_ = true;
    run_.push_back({scalar, origin, is_first_part, 0});
  }

  // Sorts the run by combining class and emits what stays of it.
  //
  // The reference aligns by position, not by identity: the n-th first part after sorting is taken
  // to stem from the n-th scalar value of the run, and any other part from the same as its
  // predecessor. So an origin may be a neighbour's; callers compare with the reference, and so do
  // we.
  void EmitSortedRun() {
    std::vector<uint32_t> origins;
    for (Pending& pending : run_) {
      pending.combining_class = CombiningClassOf(pending.scalar);
      if (pending.is_first_part) origins.push_back(pending.origin);
    }
    uint32_t origin = run_.front().origin;
    std::stable_sort(run_.begin(), run_.end(), [](const Pending& a, const Pending& b) {
      return a.combining_class < b.combining_class;
    });
    size_t next_origin = 0;
    for (const Pending& pending : run_) {
      if (pending.is_first_part) origin = origins[next_origin++];
      if ((properties_.Of(pending.scalar) & kMark) == 0) Emit(pending.scalar, origin);
    }
  }

  void Emit(char32_t scalar, uint32_t origin) {
    if (options_.lowercase && (properties_.Of(scalar) & kLowercased) != 0) {
      for (const char32_t lower : LowercaseOf(scalar)) Write(lower, origin);
    } else {
      Write(scalar, origin);
    }
  }

  void Write(char32_t scalar, uint32_t origin) {
    AppendUtf8(scalar, &normalized_.text);
    normalized_.origins.resize(normalized_.text.size(), origin);
  }

  const NormalizerOptions& options_;
  const ScalarProperties& properties_;
  NormalizedText& normalized_;
  std::vector<Pending> run_;
  bool some_of_run_stays_ = false;
};

}  // namespace

Normalizer::Normalizer(const NormalizerOptions& options) : options_(options) {
  for (size_t i = 0; i < ascii_.size(); ++i) {
    NormalizedText normalized;
    Walk(options_, &normalized).Clean(static_cast<char32_t>(i), 0);
    ascii_[i] = normalized.text.empty() ? kDeleted : static_cast<unsigned char>(normalized.text[0]);
  }
}

void Normalizer::Normalize(std::string_view text, NormalizedText* normalized) const {
  normalized->text.clear();
  normalized->origins.clear();
  normalized->text.reserve(text.size());
  normalized->origins.reserve(text.size());
  Walk walk(options_, normalized);
  for (size_t position = 0; position < text.size();) {
    const auto origin = static_cast<uint32_t>(position);
    const auto byte = static_cast<unsigned char>(text[position]);
    if (byte < ascii_.size()) {
      if (ascii_[byte] != kDeleted) walk.Append(static_cast<char>(ascii_[byte]), origin);
      ++position;
    } else {
      const DecodedScalar decoded = DecodeUtf8(text, position);
      walk.Clean(decoded.value, origin);
      position += decoded.length;
    }
  }
  walk.EndRun();
}

}  // namespace verdict
