#include "engine/tokenizer/files/stated_tokens.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "engine/files/json_file.h"
#include "engine/files/quoted.h"
#include "engine/tokenizer/files/json_names.h"
#include "engine/tokenizer/tokenizer_description.h"

namespace verdict {
namespace {

constexpr char kExtra[] = "extra_special_tokens";
constexpr char kFormerExtra[] = "additional_special_tokens";
constexpr char kDecoder[] = "added_tokens_decoder";
constexpr char kToken[] = "a token: a string, or an object with a \"content\"";

// Tokens by name, in an order: as a dictionary of Python.
class NamedTokens {
 public:
  using Entries = std::vector<std::pair<std::string, DeclaredToken>>;

  // The value replaces an equal name's, and keeps its place.
  void Put(const std::string& name, const DeclaredToken& token) {
    const auto [place, is_new] = places_.emplace(name, entries_.size());
    if (is_new) {
      entries_.emplace_back(name, token);
    } else {
      entries_[place->second].second = token;
    }
  }

  const Entries& entries() const { return entries_; }

 private:
  Entries entries_;
  absl::flat_hash_map<std::string, size_t> places_;
};

absl::Status ReadFlag(const JsonField& field, bool* flag) {
  if (!field.exists()) return absl::OkStatus();
  const absl::StatusOr<bool> value = field.Bool();
  if (value.ok()) *flag = *value;
  return value.status();
}

// A token as an object with its flags.
absl::StatusOr<DeclaredToken> ReadTokenObject(const JsonField& field) {
  if (!field.exists() || !field.value().is_object()) {
    return field.Error("an object with a \"content\"");
  }
  DeclaredToken token;
  absl::StatusOr<std::string> content = field.Member("content").String();
  if (!content.ok()) return content.status();
  token.content = *std::move(content);
  absl::Status status = ReadFlag(field.Member("single_word"), &token.single_word);
  status.Update(ReadFlag(field.Member("lstrip"), &token.lstrip));
  status.Update(ReadFlag(field.Member("rstrip"), &token.rstrip));
  status.Update(ReadFlag(field.Member("special"), &token.special));
  const JsonField normalized = field.Member("normalized");
  if (normalized.exists()) {
    bool flag = false;
    status.Update(ReadFlag(normalized, &flag));
    token.normalized = flag;
  }
  if (!status.ok()) return status;
  return token;
}

// A token as a string, which makes it special, or as an object.
absl::StatusOr<DeclaredToken> ReadToken(const JsonField& field) {
  if (field.exists() && field.value().is_string()) {
    return DeclaredToken{.content = field.value().get<std::string>(), .special = true};
  }
  if (!field.exists() || !field.value().is_object()) return field.Error(kToken);
  return ReadTokenObject(field);
}

absl::StatusOr<std::vector<DeclaredToken>> ReadTokenList(const JsonField& field) {
  std::vector<DeclaredToken> tokens;
  if (!field.exists()) return tokens;
  if (!field.value().is_array()) return field.Error("an array or an object of tokens");
  for (size_t i = 0; i < field.value().size(); ++i) {
    absl::StatusOr<DeclaredToken> token = ReadToken(field.Element(i));
    if (!token.ok()) return token.status();
    tokens.push_back(*std::move(token));
  }
  return tokens;
}

// Tokens as members of the object `field`, whose names are `names`.
absl::Status ReadTokenMembers(const JsonField& field, const std::vector<std::string>& names,
                              NamedTokens* tokens) {
  for (const std::string& name : names) {
    const absl::StatusOr<DeclaredToken> token = ReadToken(field.Member(name));
    if (!token.ok()) return token.status();
    tokens->Put(name, *token);
  }
  return absl::OkStatus();
}

// Whether the member `name` is there, be it null.
bool Has(const JsonField& object, const std::string& name) {
  return object.exists() && object.value().is_object() && object.value().contains(name);
}

std::optional<size_t> RoleOf(const std::string& name) {
  const auto found = std::find(kRoles.begin(), kRoles.end(), name);
  if (found == kRoles.end()) return std::nullopt;
  return static_cast<size_t>(found - kRoles.begin());
}

// Reads the three files into a StatedTokens, step by step as the reference does.
class Merger {
 public:
  explicit Merger(const TokenStatements& files) : files_(files) {}

  absl::StatusOr<StatedTokens> Merge() {
    absl::Status status = ReadConfig();
    if (Has(files_.config_field, kDecoder)) {
      if (status.ok()) status = ReadDecoder();
      if (status.ok()) WarnOfIgnoredFiles();
    } else {
      if (status.ok() && files_.special_tokens_map) status = ReadMap(*files_.special_tokens_map);
      if (status.ok() && files_.added_tokens) status = ReadAddedTokens(*files_.added_tokens);
      for (const auto& [id, token] : files_.in_tokenizer_json) stated_.declared[id] = token;
    }
    if (!status.ok()) return status;
    TakeFormerExtra();
    // {**found, **set_apart} in Python.
    for (const auto& [name, token] : set_apart_.entries()) found_.Put(name, token);
    stated_.named = found_.entries();
    return std::move(stated_);
  }

 private:
  absl::Status ReadRole(const JsonField& field, size_t role, bool is_special) {
    StatedRole& stated = stated_.roles[role];
    stated = {.is_stated = true, .token = std::nullopt};
    if (!field.exists()) return absl::OkStatus();
    absl::StatusOr<DeclaredToken> token = ReadToken(field);
    if (!token.ok()) return token.status();
    token->special = token->special || is_special;
    stated.token = *std::move(token);
    return absl::OkStatus();
  }

  absl::Status ReadConfig() {
    const JsonField& config = files_.config_field;
    for (const std::string& name : NamesInOrder(files_.config.text)) {
      const JsonField field = config.Member(name);
      absl::Status status;
      if (const auto role = RoleOf(name)) {
        status = ReadRole(field, *role, false);
      } else if (absl::EndsWith(name, "_token") && field.exists()) {
        status = ReadOtherToken(name, field);
      }
      if (!status.ok()) return status;
    }
    // The former name counts where the present one is not there.
    const char* const name = Has(config, kExtra) ? kExtra : kFormerExtra;
    if (!Has(config, name)) return absl::OkStatus();
    if (name == kExtra && Has(config, kFormerExtra)) {
      Warn(files_.config.name, kFormerExtra, "does not count beside extra_special_tokens");
    }
    const JsonField extra = config.Member(name);
    if (extra.exists() && extra.value().is_object()) {
      return ReadTokenMembers(extra, NamesInOrder(files_.config.text, name), &set_apart_);
    }
    return ReadExtra(extra);
  }

  absl::Status ReadOtherToken(const std::string& name, const JsonField& field) {
    const bool is_string = field.value().is_string();
    // Numbers and booleans, e.g. add_bos_token, are no tokens.
    if (!is_string && !field.Member("__type").IsString("AddedToken")) return absl::OkStatus();
    const absl::StatusOr<DeclaredToken> token = ReadToken(field);
    if (!token.ok()) return token.status();
    (is_string ? set_apart_ : found_).Put(name, *token);
    return absl::OkStatus();
  }

  absl::Status ReadExtra(const JsonField& field) {
    absl::StatusOr<std::vector<DeclaredToken>> tokens = ReadTokenList(field);
    if (!tokens.ok()) return tokens.status();
    stated_.extra = *std::move(tokens);
    has_extra_ = true;
    return absl::OkStatus();
  }

  absl::Status ReadDecoder() {
    const JsonField decoder = files_.config_field.Member(kDecoder);
    if (absl::Status status = decoder.CheckIsObject(); !status.ok()) return status;
    for (const auto& [name, value] : decoder.value().items()) {
      int32_t id = 0;
      if (!absl::SimpleAtoi(name, &id) || id < 0 || id > kMaxId || absl::StrCat(id) != name) {
        return decoder.Member(name).Error(absl::StrCat("an id from 0 to ", kMaxId, " as its name"));
      }
      absl::StatusOr<DeclaredToken> token = ReadTokenObject(decoder.Member(name));
      if (!token.ok()) return token.status();
      stated_.declared[id] = *std::move(token);
    }
    return absl::OkStatus();
  }

  absl::Status ReadMap(const NamedText& map) {
    const absl::StatusOr<nlohmann::json> document = ParseJson(map.text, map.name);
    if (!document.ok()) return document.status();
    const JsonField root(*document, map.name);
    if (absl::Status status = root.CheckIsObject(); !status.ok()) return status;
    for (const std::string& name : NamesInOrder(map.text)) {
      const JsonField field = root.Member(name);
      absl::Status status;
      if (const auto role = RoleOf(name)) {
        status = ReadRole(field, *role, true);
      } else if (name == kExtra) {
        status = ReadMapsExtra(map, field);
      } else if (name == kFormerExtra) {
        status = ReadFormerExtra(field);
      } else if (absl::EndsWith(name, "_token")) {
        status = ReadMapsOtherToken(name, field);
      } else {
        return field.Error("no such name, but those of special tokens, e.g. \"cls_token\"");
      }
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status ReadMapsOtherToken(const std::string& name, const JsonField& field) {
    if (!field.exists()) return absl::OkStatus();
    absl::StatusOr<DeclaredToken> token = ReadToken(field);
    if (!token.ok()) return token.status();
    token->special = true;
    found_.Put(name, *token);
    return absl::OkStatus();
  }

  // Goes on from what tokenizer_config.json lists; an object takes its place.
  absl::Status ReadMapsExtra(const NamedText& map, const JsonField& field) {
    if (field.exists() && field.value().is_object()) {
      stated_.extra.clear();
      has_extra_ = false;
      return ReadTokenMembers(field, NamesInOrder(map.text, kExtra), &set_apart_);
    }
    const std::vector<DeclaredToken> before = stated_.extra;
    if (absl::Status status = ReadExtra(field); !status.ok()) return status;
    if (field.exists()) stated_.extra.insert(stated_.extra.begin(), before.begin(), before.end());
    return absl::OkStatus();
  }

  absl::Status ReadFormerExtra(const JsonField& field) {
    if (field.exists() && field.value().is_object()) return field.Error("an array of tokens");
    absl::StatusOr<std::vector<DeclaredToken>> tokens = ReadTokenList(field);
    if (!tokens.ok()) return tokens.status();
    former_extra_ = *std::move(tokens);
    return absl::OkStatus();
  }

  // special_tokens_map.json's former name for them counts if nobody used the present one.
  void TakeFormerExtra() {
    if (!has_extra_) {
      stated_.extra.insert(stated_.extra.end(), former_extra_.begin(), former_extra_.end());
      return;
    }
    absl::flat_hash_set<std::string> listed;
    for (const DeclaredToken& token : stated_.extra) listed.insert(token.content);
    const bool is_known =
        std::all_of(former_extra_.begin(), former_extra_.end(),
                    [&](const DeclaredToken& token) { return listed.contains(token.content); });
    if (is_known) return;
    Warn(files_.special_tokens_map->name, kFormerExtra,
         "does not count beside tokenizer_config.json's");
  }

  absl::Status ReadAddedTokens(const NamedText& file) {
    const absl::StatusOr<nlohmann::json> document = ParseJson(file.text, file.name);
    if (!document.ok()) return document.status();
    const JsonField root(*document, file.name);
    if (absl::Status status = root.CheckIsObject(); !status.ok()) return status;
    const absl::flat_hash_set<std::string> special = SpecialContents();
    for (const auto& [content, value] : root.value().items()) {
      const absl::StatusOr<int32_t> id = root.Member(content).WholeNumber(kMaxId);
      if (!id.ok()) return id.status();
      const bool is_special = special.contains(content);
      const auto [entry, is_new] = stated_.declared.emplace(
          *id, DeclaredToken{.content = content, .normalized = !is_special, .special = is_special});
      if (!is_new) {
        return absl::InvalidArgumentError(
            absl::StrCat(file.name, ": expected every id once, found ", *id, " for ",
                         Quoted(entry->second.content), " and for ", Quoted(content)));
      }
    }
    return absl::OkStatus();
  }

  // The contents of all tokens that are special so far.
  absl::flat_hash_set<std::string> SpecialContents() const {
    absl::flat_hash_set<std::string> contents;
    for (const StatedRole& role : stated_.roles) {
      if (role.token) contents.insert(role.token->content);
    }
    for (const DeclaredToken& token : stated_.extra) contents.insert(token.content);
    return contents;
  }

  // Files that added_tokens_decoder makes void are harmless if they say nothing else; newer
  // versions of transformers write them beside it.
  void WarnOfIgnoredFiles() {
    known_ = SpecialContents();
    for (const auto& [id, token] : stated_.declared) known_.insert(token.content);
    for (const auto& [name, token] : found_.entries()) known_.insert(token.content);
    for (const auto& [name, token] : set_apart_.entries()) known_.insert(token.content);
    if (files_.special_tokens_map && !SaysTheSame(*files_.special_tokens_map, &Merger::IsStated)) {
      WarnOfIgnored(*files_.special_tokens_map);
    }
    if (files_.added_tokens && !SaysTheSame(*files_.added_tokens, &Merger::IsDeclared)) {
      WarnOfIgnored(*files_.added_tokens);
    }
  }

  void WarnOfIgnored(const NamedText& file) {
    stated_.warnings.push_back(absl::StrCat(file.name, " is ignored, as by transformers, since ",
                                            files_.config.name,
                                            " has added_tokens_decoder; the two differ"));
  }

  // Whether every member of the object in `file` is no news.
  bool SaysTheSame(const NamedText& file,
                   bool (Merger::*is_known)(const std::string&, const nlohmann::json&)
                       const) const {
    const absl::StatusOr<nlohmann::json> document = ParseJson(file.text, file.name);
    if (!document.ok() || !document->is_object()) return false;
    for (const auto& [name, value] : document->items()) {
      if (!(this->*is_known)(name, value)) return false;
    }
    return true;
  }

  bool IsDeclared(const std::string& content, const nlohmann::json& id) const {
    if (!id.is_number_unsigned() || id.get<uint64_t>() > kMaxId) return false;
    const auto found = stated_.declared.find(id.get<int32_t>());
    return found != stated_.declared.end() && found->second.content == content;
  }

  // Of a special_tokens_map.json's member.
  bool IsStated(const std::string& name, const nlohmann::json& value) const {
    if (value.is_array()) {
      return std::all_of(value.begin(), value.end(),
                         [&](const nlohmann::json& element) { return IsStated(kExtra, element); });
    }
    if (value.is_null()) return true;
    const nlohmann::json content = value.is_object() ? value.value("content", value) : value;
    if (!content.is_string()) return false;
    const std::string text = content.get<std::string>();
    const auto role = RoleOf(name);
    if (!role) return known_.contains(text);
    const std::optional<DeclaredToken>& token = stated_.roles[*role].token;
    return text == (token ? token->content : kDefaultNames[*role]);
  }

  void Warn(const std::string& file, const std::string& name, const std::string& what) {
    stated_.warnings.push_back(absl::StrCat(file, ": ", Quoted(name), " ", what));
  }

  const TokenStatements& files_;
  StatedTokens stated_;
  NamedTokens found_;                       // among the arguments
  NamedTokens set_apart_;                   // model_specific_special_tokens
  absl::flat_hash_set<std::string> known_;  // the contents of all tokens that count
  bool has_extra_ = false;
  std::vector<DeclaredToken> former_extra_;  // of special_tokens_map.json
};

}  // namespace

absl::StatusOr<StatedTokens> ReadStatedTokens(const TokenStatements& files) {
  return Merger(files).Merge();
}

}  // namespace verdict
