// Gives added tokens their ids: those that the reference gives them, not always those that a file
// declares.
#ifndef VERDICT_ENGINE_TOKENIZER_FILES_ADDED_VOCABULARY_H_
#define VERDICT_ENGINE_TOKENIZER_FILES_ADDED_VOCABULARY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "engine/tokenizer/added_tokens.h"
#include "engine/tokenizer/vocabulary.h"

namespace verdict {

// A token as a file declares it, by its fields' names there.
struct DeclaredToken {
  std::string content;
  bool single_word = false;
  bool lstrip = false;
  bool rstrip = false;
  std::optional<bool> normalized = std::nullopt;  // unless said: if it is not special
  bool special = false;

  bool is_normalized() const { return normalized.value_or(!special); }
  friend bool operator==(const DeclaredToken&, const DeclaredToken&) = default;
};

// Gives tokens their ids as the reference's AddedVocabulary (tokenizers 0.23) does: a token of the
// vocabulary keeps its id; new ones are numbered on from the vocabulary's size, or from the largest
// id given so far. Where ids have gaps or lines are twice, a new id may be another token's: the
// vocabulary's token then keeps it too, an added one loses it.
//
// Not for several threads at once. `vocabulary` must outlive it.
class AddedVocabulary {
 public:
  explicit AddedVocabulary(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {}

  // Adds `tokens` in their order. One that is there gets the new flags; an empty content is
  // ignored.
  void Add(const std::vector<DeclaredToken>& tokens);

  // Whether it was added, and has not lost its id since.
  bool Contains(std::string_view content) const;

  // The id of a token that was added or is in the vocabulary.
  std::optional<int64_t> Find(std::string_view content) const;

  // All that were added, by id. Those that are special are marked as split if `split_special`.
  std::vector<AddedToken> Tokens(bool split_special) const;

 private:
  const Vocabulary& vocabulary_;
  absl::flat_hash_map<std::string, int64_t> ids_;  // by content
  std::map<int64_t, DeclaredToken> tokens_;        // by id
  absl::flat_hash_set<std::string> special_;       // once special, always special
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_FILES_ADDED_VOCABULARY_H_
