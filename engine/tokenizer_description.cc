#include "engine/tokenizer_description.h"

#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "engine/quoted.h"

namespace verdict {
namespace {

// Both directions between texts and ids, as far as the description has been read.
class TokenNames {
 public:
  explicit TokenNames(const TokenizerDescription& description)
      : source_(description.source), next_id_(description.vocabulary.size()) {
    ids_.reserve(description.vocabulary.size());
    texts_.reserve(description.vocabulary.size());
  }

  absl::Status AddVocabulary(std::string_view text, int32_t id) {
    const auto [other, is_new] = texts_.try_emplace(id, text);
    if (!is_new) {
      return Error(absl::StrCat("expected every id once, found ", id, " for ",
                                Quoted(other->second), " and for ", Quoted(text)));
    }
    ids_[text] = id;
    return absl::OkStatus();
  }

  // An added token has the vocabulary's id, or is numbered on from the vocabulary's size.
  absl::Status AddAdded(std::string_view content, int32_t id) {
    if (content.empty()) return Error("expected added tokens with content, found an empty one");
    if (!added_.insert({content, id}).second) {
      return Error(
          absl::StrCat("expected every added token once, found ", Quoted(content), " twice"));
    }
    const auto known = ids_.find(content);
    if (known != ids_.end()) return CheckId(content, known->second, id);
    if (absl::Status status = CheckId(content, next_id_++, id); !status.ok()) return status;
    return AddVocabulary(content, id);
  }

  absl::Status CheckSpecial(const SpecialToken& token) const {
    const auto known = ids_.find(token.content);
    if (known == ids_.end()) {
      return Error(absl::StrCat("expected the special token ", Quoted(token.content),
                                " in the vocabulary, found nothing"));
    }
    return CheckId(token.content, known->second, token.id);
  }

  absl::Status Error(const std::string& what) const {
    return absl::InvalidArgumentError(absl::StrCat(source_, ": ", what));
  }

 private:
  absl::Status CheckId(std::string_view content, int64_t expected, int32_t found) const {
    if (expected == found) return absl::OkStatus();
    return Error(absl::StrCat("expected id ", expected, " for the special token ", Quoted(content),
                              ", found ", found));
  }

  const std::string& source_;
  int64_t next_id_;
  absl::flat_hash_map<std::string_view, int32_t> ids_;
  absl::flat_hash_map<int32_t, std::string_view> texts_;
  absl::flat_hash_map<std::string_view, int32_t> added_;
};

}  // namespace

absl::Status CheckConsistent(const TokenizerDescription& description) {
  TokenNames names(description);
  bool has_unknown = false;
  for (const auto& [text, id] : description.vocabulary) {
    if (absl::Status status = names.AddVocabulary(text, id); !status.ok()) return status;
    has_unknown |= text == description.wordpiece.unk_token;
  }
  if (!has_unknown) {
    return names.Error(absl::StrCat("expected the unknown token ",
                                    Quoted(description.wordpiece.unk_token),
                                    " in the vocabulary, found nothing"));
  }
  for (const AddedToken& token : description.added_tokens) {
    if (absl::Status status = names.AddAdded(token.content, token.id); !status.ok()) return status;
  }
  absl::Status status = names.CheckSpecial(description.cls);
  status.Update(names.CheckSpecial(description.sep));
  return status;
}

}  // namespace verdict
