#include "engine/tokenizer_description.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "engine/quoted.h"

namespace verdict {
namespace {

absl::Status Error(const TokenizerDescription& description, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(description.source, ": ", what));
}

absl::Status CheckId(const TokenizerDescription& description, const std::string& content,
                     int64_t expected, int32_t found) {
  if (expected == found) return absl::OkStatus();
  return Error(description, absl::StrCat("expected id ", expected, " for the special token ",
                                         Quoted(content), ", found ", found));
}

absl::Status CheckIdsAreUnique(const TokenizerDescription& description) {
  std::vector<const VocabularyEntry*> owners;  // by id
  for (const VocabularyEntry& entry : description.vocabulary.entries()) {
    const auto id = static_cast<size_t>(entry.id);
    if (owners.size() <= id) owners.resize(id + 1);
    if (owners[id] != nullptr) {
      return Error(description,
                   absl::StrCat("expected every id once, found ", id, " for ",
                                Quoted(owners[id]->text), " and for ", Quoted(entry.text)));
    }
    owners[id] = &entry;
  }
  return absl::OkStatus();
}

absl::Status CheckAddedTokens(const TokenizerDescription& description) {
  absl::flat_hash_set<std::string_view> contents;
  // The reference numbers tokens that are new to the vocabulary on from its size.
  auto next_id = static_cast<int64_t>(description.vocabulary.entries().size());
  for (const AddedToken& token : description.added_tokens) {
    if (token.content.empty()) {
      return Error(description, "expected added tokens with content, found an empty one");
    }
    if (!contents.insert(token.content).second) {
      return Error(description, absl::StrCat("expected every added token once, found ",
                                             Quoted(token.content), " twice"));
    }
    const std::optional<int32_t> known = description.vocabulary.Find(token.content);
    const int64_t expected = known ? *known : next_id++;
    if (absl::Status status = CheckId(description, token.content, expected, token.id);
        !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSpecialToken(const TokenizerDescription& description, const SpecialToken& token) {
  if (const std::optional<int32_t> known = description.vocabulary.Find(token.content)) {
    return CheckId(description, token.content, *known, token.id);
  }
  for (const AddedToken& added : description.added_tokens) {
    if (added.content == token.content) {
      return CheckId(description, token.content, added.id, token.id);
    }
  }
  return Error(description, absl::StrCat("expected the special token ", Quoted(token.content),
                                         " in the vocabulary, found nothing"));
}

}  // namespace

absl::Status CheckConsistent(const TokenizerDescription& description) {
  if (!description.vocabulary.Find(description.wordpiece.unk_token)) {
    return Error(description, absl::StrCat("expected the unknown token ",
                                           Quoted(description.wordpiece.unk_token),
                                           " in the vocabulary, found nothing"));
  }
  absl::Status status = CheckIdsAreUnique(description);
  if (status.ok()) status = CheckAddedTokens(description);
  if (status.ok()) status = CheckSpecialToken(description, description.cls);
  if (status.ok()) status = CheckSpecialToken(description, description.sep);
  return status;
}

}  // namespace verdict
