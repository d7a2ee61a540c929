// A text as BERT reads it: cleaned, without accents, in lowercase; and where each byte came from.
#ifndef VERDICT_ENGINE_UNICODE_NORMALIZER_H_
#define VERDICT_ENGINE_UNICODE_NORMALIZER_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace verdict {

// The steps, in the order in which they are taken, by their names in tokenizer.json.
struct NormalizerOptions {
  bool clean_text = true;            // delete controls; white space becomes a space
  bool handle_chinese_chars = true;  // put a space on both sides of a CJK ideograph
  bool strip_accents = true;         // decompose (NFD), then drop non-spacing marks
  bool lowercase = true;
};

// A normalized text. Each byte of `text` stems from one scalar value of the original: the one that
// begins at byte origins[i] of it.
struct NormalizedText {
  std::string text;
  std::vector<uint32_t> origins;  // [text.size()]
};

// Normalizes as Hugging Face's BertNormalizer does, alignments included.
//
// Immutable; any thread may use it.
class Normalizer {
 public:
  explicit Normalizer(const NormalizerOptions& options);

  // Replaces `*normalized` by the normalized `text`, in one pass. Time is linear in the text,
  // except for n log n in a run of combining marks of which some are not dropped. Bytes that are
  // not UTF-8 are read as U+FFFD, one by one. REQUIRES: text.size() < 2^32.
  void Normalize(std::string_view text, NormalizedText* normalized) const;

 private:
  NormalizerOptions options_;
  // What each ASCII character becomes; kDeleted for nothing.
  std::array<unsigned char, 128> ascii_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_UNICODE_NORMALIZER_H_
