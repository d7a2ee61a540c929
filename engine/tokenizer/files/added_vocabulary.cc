#include "engine/tokenizer/files/added_vocabulary.h"

#include <algorithm>

namespace verdict {

void AddedVocabulary::Add(const std::vector<DeclaredToken>& tokens) {
  auto next_id = static_cast<int64_t>(vocabulary_.entries().size());
  if (!tokens_.empty()) next_id = std::max(next_id, tokens_.rbegin()->first + 1);
  for (const DeclaredToken& token : tokens) {
    if (token.content.empty()) continue;
    const std::optional<int64_t> known = Find(token.content);
    const int64_t id = known ? *known : next_id++;
    ids_[token.content] = id;
    if (token.special) special_.insert(token.content);
    tokens_[id] = token;
  }
}

bool AddedVocabulary::Contains(std::string_view content) const {
  const auto found = ids_.find(std::string(content));
  if (found == ids_.end()) return false;
  return tokens_.at(found->second).content == content;
}

std::optional<int64_t> AddedVocabulary::Find(std::string_view content) const {
  if (const auto found = ids_.find(std::string(content)); found != ids_.end()) {
    return found->second;
  }
  return vocabulary_.Find(content);
}

std::vector<AddedToken> AddedVocabulary::Tokens(bool split_special) const {
  std::vector<AddedToken> added;
  for (const auto& [id, token] : tokens_) {
    added.push_back({.content = token.content,
                     .id = static_cast<int32_t>(id),
                     .lstrip = token.lstrip,
                     .rstrip = token.rstrip,
                     .normalized = token.is_normalized(),
                     .single_word = token.single_word,
                     .is_split = split_special && special_.contains(token.content)});
  }
  return added;
}

}  // namespace verdict
