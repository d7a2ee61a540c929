#include "engine/tokenizer/vocabulary.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace verdict {
namespace {

bool IsBefore(const VocabularyEntry& a, const VocabularyEntry& b) { return a.text < b.text; }

}  // namespace

Vocabulary::Vocabulary(std::vector<VocabularyEntry> entries) : entries_(std::move(entries)) {
  // What comes from a JSON object is in order already.
  if (!std::is_sorted(entries_.begin(), entries_.end(), IsBefore)) {
    std::stable_sort(entries_.begin(), entries_.end(), IsBefore);
  }
  // std::unique keeps the first of equals: from behind, that is the last.
  const auto kept = std::unique(
      entries_.rbegin(), entries_.rend(),
      [](const VocabularyEntry& a, const VocabularyEntry& b) { return a.text == b.text; });
  entries_.erase(entries_.begin(), kept.base());
}

std::optional<int32_t> Vocabulary::Find(std::string_view text) const {
  const auto found =
      std::partition_point(entries_.begin(), entries_.end(),
                           [text](const VocabularyEntry& entry) { return entry.text < text; });
  if (found == entries_.end() || found->text != text) return std::nullopt;
  return found->id;
}

}  // namespace verdict
