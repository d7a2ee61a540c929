// The normalizer of a tokenizer.json: BERT's, or several simple ones in a row.
#ifndef VERDICT_ENGINE_UNICODE_NORMALIZER_SEQUENCE_H_
#define VERDICT_ENGINE_UNICODE_NORMALIZER_SEQUENCE_H_

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/unicode/normalizer.h"

namespace verdict {

// Steps by their names in tokenizer.json; NormalizerOptions is BertNormalizer.
struct LowercaseStep {};
struct NfdStep {};
struct StripAccentsStep {};  // drops all marks that are scalars of their own
struct StripStep {
  bool left = false;
  bool right = false;
};
struct ReplaceStep {
  std::string pattern;  // not empty
  std::string content;
};
using NormalizerStep = std::variant<NormalizerOptions, LowercaseStep, NfdStep, StripAccentsStep,
                                    StripStep, ReplaceStep>;

// Normalizes as Hugging Face's normalizers of these names do, alignments included.
//
// Immutable; any thread may use it.
class NormalizerSequence {
 public:
  // Takes the steps in their order; without any, texts stay as they are.
  explicit NormalizerSequence(std::vector<NormalizerStep> steps);

  // As Normalizer::Normalize; with other steps than a single BertNormalizer or none about ten times
  // slower.
  void Normalize(std::string_view text, NormalizedText* normalized) const;

 private:
  std::vector<NormalizerStep> steps_;
  std::optional<Normalizer> bert_;  // if it is the only step
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_UNICODE_NORMALIZER_SEQUENCE_H_
