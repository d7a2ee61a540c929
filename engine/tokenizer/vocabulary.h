// The tokens that a model was trained with.
#ifndef VERDICT_ENGINE_TOKENIZER_VOCABULARY_H_
#define VERDICT_ENGINE_TOKENIZER_VOCABULARY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace verdict {

struct VocabularyEntry {
  std::string text;
  int32_t id = 0;
};

// Texts and their ids, in the order of the texts' bytes. Immutable; any thread may use it.
class Vocabulary {
 public:
  Vocabulary() = default;

  // Of entries with equal texts the last one counts.
  explicit Vocabulary(std::vector<VocabularyEntry> entries);

  const std::vector<VocabularyEntry>& entries() const { return entries_; }

  std::optional<int32_t> Find(std::string_view text) const;

 private:
  std::vector<VocabularyEntry> entries_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_VOCABULARY_H_
