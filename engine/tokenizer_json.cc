#include "engine/tokenizer_json.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "engine/json_field.h"
#include "engine/json_file.h"

namespace verdict {
namespace {

// The reference counts a word's characters; more than a text holds is no limit at all.
constexpr int32_t kMaxCharsPerWord = 1'000'000'000;

// Assigns the value of a StatusOr expression, or returns its status: a file has many fields.
template <typename T>
absl::Status Read(absl::StatusOr<T> value, T* target) {
  if (!value.ok()) return value.status();
  *target = *std::move(value);
  return absl::OkStatus();
}

absl::Status ReadNormalizer(const JsonField& normalizer, NormalizerOptions* options) {
  const JsonField type = normalizer.Member("type");
  if (!type.IsString("BertNormalizer")) return type.Error("\"BertNormalizer\"");
  absl::Status status = Read(normalizer.Member("clean_text").Bool(), &options->clean_text);
  status.Update(
      Read(normalizer.Member("handle_chinese_chars").Bool(), &options->handle_chinese_chars));
  status.Update(Read(normalizer.Member("lowercase").Bool(), &options->lowercase));
  const JsonField strip_accents = normalizer.Member("strip_accents");
  options->strip_accents = options->lowercase;  // unless the file says otherwise
  if (strip_accents.exists()) {
    status.Update(Read(strip_accents.Bool(), &options->strip_accents));
  }
  return status;
}

absl::Status ReadModel(const JsonField& model, TokenizerDescription* description) {
  // Files of 2020 name no type: there the fields below tell WordPiece from the others.
  const JsonField type = model.Member("type");
  if (type.exists() && !type.IsString("WordPiece")) return type.Error("\"WordPiece\"");
  WordPieceOptions& options = description->wordpiece;
  absl::Status status = Read(model.Member("unk_token").String(), &options.unk_token);
  status.Update(
      Read(model.Member("continuing_subword_prefix").String(), &options.continuing_subword_prefix));
  int32_t max_chars = 0;
  status.Update(
      Read(model.Member("max_input_chars_per_word").WholeNumber(kMaxCharsPerWord), &max_chars));
  options.max_input_chars_per_word = static_cast<size_t>(max_chars);

  const JsonField vocabulary = model.Member("vocab");
  status.Update(vocabulary.CheckIsObject());
  if (!status.ok()) return status;
  std::vector<VocabularyEntry> entries;
  entries.reserve(vocabulary.value().size());
  for (const auto& [text, value] : vocabulary.value().items()) {
    if (!value.is_number_unsigned() || value.get<uint64_t>() > kMaxId) {
      return vocabulary.Member(text).WholeNumber(kMaxId).status();
    }
    entries.push_back({.text = text, .id = value.get<int32_t>()});
  }
  description->vocabulary = Vocabulary(std::move(entries));
  return absl::OkStatus();
}

absl::StatusOr<AddedToken> ReadAddedToken(const JsonField& field) {
  AddedToken token;
  absl::Status status = Read(field.Member("content").String(), &token.content);
  status.Update(Read(field.Member("id").WholeNumber(kMaxId), &token.id));
  status.Update(Read(field.Member("lstrip").Bool(), &token.lstrip));
  status.Update(Read(field.Member("rstrip").Bool(), &token.rstrip));
  status.Update(Read(field.Member("normalized").Bool(), &token.normalized));
  bool single_word = false;
  status.Update(Read(field.Member("single_word").Bool(), &single_word));
  if (!status.ok()) return status;
  // What counts as a word here is neither BERT's rule nor WordPiece's but a regular expression's;
  // no published BERT asks for it.
  if (single_word) return field.Member("single_word").Error("false (true is not supported)");
  return token;
}

absl::Status ReadAddedTokens(const JsonField& tokens, std::vector<AddedToken>* added_tokens) {
  if (!tokens.exists()) return absl::OkStatus();
  if (absl::Status status = tokens.CheckIsArray(); !status.ok()) return status;
  for (size_t i = 0; i < tokens.value().size(); ++i) {
    absl::StatusOr<AddedToken> token = ReadAddedToken(tokens.Element(i));
    if (!token.ok()) return token.status();
    added_tokens->push_back(*std::move(token));
  }
  return absl::OkStatus();
}

// The name of the special token at `index` of a template; empty if there is something else.
std::string SpecialTokenOf(const JsonField& pieces, size_t index) {
  return pieces.Element(index).Member("SpecialToken").Member("id").String().value_or("");
}

// Whether the template `pieces` is [CLS], then each of `sequences` with a [SEP] after it.
bool IsBertTemplate(const JsonField& pieces, const std::string& cls, const std::string& sep,
                    const std::vector<std::string>& sequences) {
  if (!pieces.CheckIsArray().ok() || pieces.value().size() != 1 + 2 * sequences.size())
    return false;
  bool matches = !cls.empty() && !sep.empty() && SpecialTokenOf(pieces, 0) == cls;
  for (size_t i = 0; i < sequences.size(); ++i) {
    const JsonField sequence = pieces.Element(1 + 2 * i).Member("Sequence").Member("id");
    matches = matches && sequence.IsString(sequences[i]);
    matches = matches && SpecialTokenOf(pieces, 2 + 2 * i) == sep;
  }
  return matches;
}

// A special token of a template, with the one id that it stands for.
absl::Status ReadTemplateToken(const JsonField& special_tokens, const std::string& content,
                               SpecialToken* token) {
  token->content = content;
  const JsonField ids = special_tokens.Member(content).Member("ids");
  if (!ids.CheckIsArray().ok() || ids.value().size() != 1) return ids.Error("an array of one id");
  return Read(ids.Element(0).WholeNumber(kMaxId), &token->id);
}

absl::Status ReadTemplate(const JsonField& processor, TokenizerDescription* description) {
  const JsonField single = processor.Member("single");
  const std::string cls = SpecialTokenOf(single, 0);
  const std::string sep = SpecialTokenOf(single, 2);
  if (!IsBertTemplate(single, cls, sep, {"A"})) return single.Error("[CLS] A [SEP]");
  const JsonField pair = processor.Member("pair");
  if (!IsBertTemplate(pair, cls, sep, {"A", "B"})) return pair.Error("[CLS] A [SEP] B [SEP]");
  const JsonField special_tokens = processor.Member("special_tokens");
  absl::Status status = ReadTemplateToken(special_tokens, cls, &description->cls);
  status.Update(ReadTemplateToken(special_tokens, sep, &description->sep));
  return status;
}

absl::Status ReadPostProcessor(const JsonField& processor, TokenizerDescription* description) {
  const JsonField type = processor.Member("type");
  if (type.IsString("TemplateProcessing")) return ReadTemplate(processor, description);
  if (!type.IsString("BertProcessing")) {
    return type.Error("\"TemplateProcessing\" or \"BertProcessing\"");
  }
  absl::Status status;
  for (const auto& [name, token] :
       {std::pair{"cls", &description->cls}, std::pair{"sep", &description->sep}}) {
    const JsonField field = processor.Member(name);
    status.Update(Read(field.Element(0).String(), &token->content));
    status.Update(Read(field.Element(1).WholeNumber(kMaxId), &token->id));
  }
  return status;
}

}  // namespace

absl::StatusOr<TokenizerDescription> ParseTokenizerJson(std::string_view text,
                                                        const std::string& source) {
  absl::StatusOr<nlohmann::json> document = ParseJson(text, source);
  if (!document.ok()) return document.status();
  const JsonField root(*document, source);
  if (absl::Status status = root.CheckIsObject(); !status.ok()) return status;

  TokenizerDescription description;
  description.source = source;
  // The model's type first: it says what kind of tokenizer this is, if not ours.
  absl::Status status = ReadModel(root.Member("model"), &description);
  if (status.ok()) status = ReadNormalizer(root.Member("normalizer"), &description.normalizer);
  const JsonField pre_tokenizer = root.Member("pre_tokenizer").Member("type");
  if (status.ok() && !pre_tokenizer.IsString("BertPreTokenizer")) {
    status = pre_tokenizer.Error("\"BertPreTokenizer\"");
  }
  if (status.ok()) status = ReadPostProcessor(root.Member("post_processor"), &description);
  if (status.ok()) status = ReadAddedTokens(root.Member("added_tokens"), &description.added_tokens);
  if (!status.ok()) return status;
  return description;
}

}  // namespace verdict
