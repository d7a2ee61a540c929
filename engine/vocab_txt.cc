#include "engine/vocab_txt.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/json_field.h"
#include "engine/json_file.h"
#include "engine/quoted.h"
#include "engine/utf8.h"
#include "engine/white_space.h"

namespace verdict {
namespace {

// Tokenizers of transformers that read vocab.txt and do with it what BertTokenizer does.
constexpr std::array kTokenizerClasses = {"BertTokenizer", "BertTokenizerFast",
                                          "DistilBertTokenizer", "DistilBertTokenizerFast"};

absl::StatusOr<Vocabulary> ReadVocabulary(const NamedText& file) {
  if (const std::optional<size_t> fault = FindInvalidUtf8(file.text)) {
    return absl::InvalidArgumentError(absl::StrCat(file.name, ": not UTF-8 at byte ", *fault));
  }
  // An unended last line may come on top.
  if (std::count(file.text.begin(), file.text.end(), '\n') > kMaxId) {
    return absl::InvalidArgumentError(
        absl::StrCat(file.name, ": expected at most ", kMaxId, " lines, found more"));
  }
  std::vector<VocabularyEntry> entries;
  int32_t id = 0;
  for (size_t begin = 0; begin < file.text.size(); ++id) {
    const size_t end = std::min(file.text.find('\n', begin), file.text.size());
    const size_t trimmed = BeginOfWhiteSpace(file.text, begin, end);
    entries.push_back({.text = std::string(file.text.substr(begin, trimmed - begin)), .id = id});
    begin = end + 1;
  }
  return Vocabulary(std::move(entries));
}

absl::Status CheckTokenizerClass(const JsonField& field) {
  if (!field.exists()) return absl::OkStatus();
  for (const char* name : kTokenizerClasses) {
    if (field.IsString(name)) return absl::OkStatus();
  }
  return field.Error("BertTokenizer or DistilBertTokenizer");
}

absl::Status ReadBool(const JsonField& field, bool* value) {
  if (!field.exists()) return absl::OkStatus();
  absl::StatusOr<bool> read = field.Bool();
  if (read.ok()) *value = *read;
  return read.status();
}

absl::Status ReadOptions(const JsonField& config, NormalizerOptions* options) {
  absl::Status status = CheckTokenizerClass(config.Member("tokenizer_class"));
  status.Update(ReadBool(config.Member("do_lower_case"), &options->lowercase));
  options->strip_accents = options->lowercase;  // unless the file says otherwise
  status.Update(ReadBool(config.Member("strip_accents"), &options->strip_accents));
  status.Update(ReadBool(config.Member("tokenize_chinese_chars"), &options->handle_chinese_chars));
  return status;
}

// The name of a special token: a string, or an object with one, or else `name` stays.
absl::Status ReadName(const JsonField& field, std::string* name) {
  if (!field.exists()) return absl::OkStatus();
  absl::StatusOr<std::string> read =
      field.value().is_object() ? field.Member("content").String() : field.String();
  if (!read.ok()) return read.status();
  *name = *std::move(read);
  return absl::OkStatus();
}

// The id of the special token that `field` names, or else `*content`; nullopt if no line has it.
// One that is found is cut out of texts.
absl::StatusOr<std::optional<int32_t>> ReadSpecialToken(const JsonField& field,
                                                        std::string* content,
                                                        TokenizerDescription* description) {
  if (absl::Status status = ReadName(field, content); !status.ok()) return status;
  const std::optional<int32_t> id = description->vocabulary.Find(*content);
  if (!id || content->empty()) return std::nullopt;
  std::vector<AddedToken>& added = description->added_tokens;
  // Two roles may share a token.
  const bool is_new = std::none_of(added.begin(), added.end(), [&](const AddedToken& token) {
    return token.content == *content;
  });
  if (is_new) added.push_back({.content = *content, .id = *id});
  return id;
}

// Reads the special tokens' names, and finds their ids in the vocabulary.
absl::Status ReadSpecialTokens(const JsonField& config, TokenizerDescription* description) {
  SpecialToken unk = {.content = "[UNK]"};
  SpecialToken pad = {.content = "[PAD]"};
  SpecialToken mask = {.content = "[MASK]"};
  description->cls.content = "[CLS]";
  description->sep.content = "[SEP]";
  struct Role {
    const char* field;
    SpecialToken* token;
    bool is_needed;
  };
  for (const Role& role :
       {Role{"unk_token", &unk, true}, Role{"cls_token", &description->cls, true},
        Role{"sep_token", &description->sep, true}, Role{"pad_token", &pad, false},
        Role{"mask_token", &mask, false}}) {
    SpecialToken& token = *role.token;
    const auto id = ReadSpecialToken(config.Member(role.field), &token.content, description);
    if (!id.ok()) return id.status();
    if (!*id && role.is_needed) {
      return absl::InvalidArgumentError(absl::StrCat(description->source, ": expected the ",
                                                     role.field, " ", Quoted(token.content),
                                                     " among the lines, found none"));
    }
    token.id = id->value_or(0);
  }
  description->wordpiece.unk_token = unk.content;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TokenizerDescription> ParseVocabTxt(const NamedText& vocab,
                                                   const NamedText& config) {
  absl::StatusOr<nlohmann::json> document = ParseJson(config.text, config.name);
  if (!document.ok()) return document.status();
  const JsonField root(*document, config.name);
  absl::StatusOr<Vocabulary> vocabulary = ReadVocabulary(vocab);
  if (!vocabulary.ok()) return vocabulary.status();

  TokenizerDescription description;
  description.source = vocab.name;
  description.vocabulary = *std::move(vocabulary);
  absl::Status status = root.CheckIsObject();
  if (status.ok()) status = ReadOptions(root, &description.normalizer);
  if (status.ok()) status = ReadSpecialTokens(root, &description);
  if (!status.ok()) return status;
  return description;
}

}  // namespace verdict
