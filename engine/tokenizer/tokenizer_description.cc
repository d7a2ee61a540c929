#include "engine/tokenizer/tokenizer_description.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "engine/files/quoted.h"

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

absl::Status CheckLength(const TokenizerDescription& description, const std::string& content,
                         size_t* bytes) {
  *bytes += content.size();
  if (content.size() > kMaxTokenBytes) {
    return Error(description,
                 absl::StrCat("expected tokens of at most ", kMaxTokenBytes, " bytes, found ",
                              Quoted(content), " of ", content.size()));
  }
  if (*bytes > kMaxVocabularyBytes) {
    return Error(description, absl::StrCat("expected at most ", kMaxVocabularyBytes,
                                           " bytes of tokens, found more"));
  }
  return absl::OkStatus();
}

absl::Status CheckLengths(const TokenizerDescription& description) {
  size_t bytes = 0;
  absl::Status status;
  for (const VocabularyEntry& entry : description.vocabulary.entries()) {
    status.Update(CheckLength(description, entry.text, &bytes));
    if (!status.ok()) return status;
  }
  for (const AddedToken& token : description.added_tokens) {
    status.Update(CheckLength(description, token.content, &bytes));
    if (!status.ok()) return status;
  }
  return status;
}

absl::Status CheckAddedTokens(const TokenizerDescription& description) {
  absl::flat_hash_set<std::string_view> contents;
  for (const AddedToken& token : description.added_tokens) {
    if (token.content.empty()) {
      return Error(description, "expected added tokens with content, found an empty one");
    }
    if (!contents.insert(token.content).second) {
      return Error(description, absl::StrCat("expected every added token once, found ",
                                             Quoted(token.content), " twice"));
    }
    if (token.id > kMaxId) {
      return Error(description, absl::StrCat("expected ids up to ", kMaxId, ", found ", token.id,
                                             " for the added token ", Quoted(token.content)));
    }
    const std::optional<int32_t> known = description.vocabulary.Find(token.content);
    if (!known) continue;
    if (absl::Status status = CheckId(description, token.content, *known, token.id); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

// The reference finds either of two tokens that normalization makes equal, by chance.
absl::Status CheckNormalizedTokens(const TokenizerDescription& description) {
  const NormalizerSequence normalizer(description.normalizer);
  absl::flat_hash_map<std::string, std::string_view> contents;  // by their normalized form
  NormalizedText normalized;
  for (const AddedToken& token : description.added_tokens) {
    if (!token.normalized) continue;
    normalizer.Normalize(token.content, &normalized);
    if (normalized.text.empty()) {
      return Error(description, absl::StrCat("expected added tokens of which normalization leaves "
                                             "something, found ",
                                             Quoted(token.content)));
    }
    const auto [other, is_new] = contents.emplace(normalized.text, token.content);
    if (!is_new) {
      return Error(description,
                   absl::StrCat("expected added tokens that differ once normalized, found ",
                                Quoted(other->second), " and ", Quoted(token.content)));
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

absl::Status CheckFrame(const TokenizerDescription& description, const InputFrame& frame) {
  if (frame.before.empty()) {
    return Error(description, "expected a special token before every text, found none");
  }
  for (const auto* tokens : {&frame.before, &frame.between, &frame.after}) {
    for (const SpecialToken& token : *tokens) {
      absl::Status status = CheckSpecialToken(description, token);
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckConsistent(const TokenizerDescription& description) {
  if (absl::Status status = CheckLengths(description); !status.ok()) return status;
  const std::optional<std::string> unknown = std::visit(
      [](const auto& model) { return std::optional(model.unk_token); }, description.model);
  if (unknown && !description.vocabulary.Find(*unknown)) {
    return Error(description, absl::StrCat("expected the unknown token ", Quoted(*unknown),
                                           " in the vocabulary, found nothing"));
  }
  absl::Status status = CheckIdsAreUnique(description);
  if (status.ok()) status = CheckAddedTokens(description);
  if (status.ok()) status = CheckNormalizedTokens(description);
  if (status.ok()) status = CheckFrame(description, description.post_processor.single);
  if (status.ok()) status = CheckFrame(description, description.post_processor.pair);
  return status;
}

}  // namespace verdict
