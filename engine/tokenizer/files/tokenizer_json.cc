#include "engine/tokenizer/files/tokenizer_json.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/files/json_field.h"
#include "engine/files/json_file.h"

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

absl::Status ReadBertNormalizer(const JsonField& normalizer, NormalizerOptions* options) {
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

absl::Status ReadReplace(const JsonField& normalizer, ReplaceStep* replace) {
  const JsonField pattern = normalizer.Member("pattern");
  if (pattern.Member("Regex").exists()) {
    return pattern.Error("a \"String\" (regular expressions are not supported)");
  }
  absl::Status status = Read(pattern.Member("String").String(), &replace->pattern);
  status.Update(Read(normalizer.Member("content").String(), &replace->content));
  if (status.ok() && replace->pattern.empty()) {
    return pattern.Member("String").Error("a string that is not empty");
  }
  if (replace->content.size() > kMaxTokenBytes) {
    return normalizer.Member("content").Error(absl::StrCat("at most ", kMaxTokenBytes, " bytes"));
  }
  return status;
}

constexpr size_t kMostSteps = 32;

// How many times longer all replacements together can make a text, at most.
absl::Status CheckGrowth(const JsonField& normalizer, const std::vector<NormalizerStep>& steps) {
  constexpr size_t kMostGrowth = 16;
  size_t growth = 1;
  for (const NormalizerStep& step : steps) {
    const auto* const replace = std::get_if<ReplaceStep>(&step);
    if (replace == nullptr) continue;
    growth *= std::max<size_t>(
        1, (replace->content.size() + replace->pattern.size() - 1) / replace->pattern.size());
    if (growth > kMostGrowth) {
      return normalizer.Error(
          absl::StrCat("replacements that make a text at most ", kMostGrowth, " times longer"));
    }
  }
  return absl::OkStatus();
}

// Adds the step, or the steps, that `normalizer` is.
absl::Status ReadNormalizer(const JsonField& normalizer, TokenizerJson* json) {
  std::vector<NormalizerStep>* const steps = &json->normalizer;
  const JsonField type = normalizer.Member("type");
  absl::Status status;
  if (type.IsString("Sequence")) {
    const JsonField parts = normalizer.Member("normalizers");
    status = parts.CheckIsArray();
    for (size_t i = 0; status.ok() && i < parts.value().size(); ++i) {
      status = ReadNormalizer(parts.Element(i), json);
    }
    return status;
  }
  if (steps->size() == kMostSteps) {
    return type.Error(absl::StrCat("at most ", kMostSteps, " normalizers"));
  }
  if (type.IsString("BertNormalizer")) {
    NormalizerOptions options;
    status = ReadBertNormalizer(normalizer, &options);
    if (status.ok() && normalizer.Member("strip_accents").exists()) {
      json->strip_accents = options.strip_accents;
    }
    steps->emplace_back(options);
  } else if (type.IsString("Lowercase")) {
    steps->emplace_back(LowercaseStep());
  } else if (type.IsString("NFD")) {
    steps->emplace_back(NfdStep());
  } else if (type.IsString("StripAccents")) {
    steps->emplace_back(StripAccentsStep());
  } else if (type.IsString("Strip")) {
    StripStep strip;
    status = Read(normalizer.Member("strip_left").Bool(), &strip.left);
    status.Update(Read(normalizer.Member("strip_right").Bool(), &strip.right));
    steps->emplace_back(strip);
  } else if (type.IsString("Replace")) {
    ReplaceStep replace;
    status = ReadReplace(normalizer, &replace);
    steps->emplace_back(std::move(replace));
  } else {
    status = type.Error(
        "BertNormalizer, Lowercase, NFD, StripAccents, Strip, Replace or a Sequence of them");
  }
  return status;
}

absl::Status ReadModel(const JsonField& model, TokenizerJson* description) {
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

absl::StatusOr<std::pair<int32_t, DeclaredToken>> ReadAddedToken(const JsonField& field) {
  std::pair<int32_t, DeclaredToken> read;
  auto& [id, token] = read;
  bool normalized = false;
  absl::Status status = Read(field.Member("content").String(), &token.content);
  status.Update(Read(field.Member("id").WholeNumber(kMaxId), &id));
  status.Update(Read(field.Member("lstrip").Bool(), &token.lstrip));
  status.Update(Read(field.Member("rstrip").Bool(), &token.rstrip));
  status.Update(Read(field.Member("normalized").Bool(), &normalized));
  status.Update(Read(field.Member("single_word").Bool(), &token.single_word));
  status.Update(Read(field.Member("special").Bool(), &token.special));
  if (!status.ok()) return status;
  token.normalized = normalized;
  return read;
}

absl::Status ReadAddedTokens(const JsonField& tokens, TokenizerJson* json) {
  if (!tokens.exists()) return absl::OkStatus();
  if (absl::Status status = tokens.CheckIsArray(); !status.ok()) return status;
  for (size_t i = 0; i < tokens.value().size(); ++i) {
    auto token = ReadAddedToken(tokens.Element(i));
    if (!token.ok()) return token.status();
    json->added_tokens.push_back(*std::move(token));
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

absl::Status ReadTemplate(const JsonField& processor, BertTemplate* description) {
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

absl::Status ReadPostProcessor(const JsonField& processor, TokenizerJson* json) {
  if (!processor.exists()) return absl::OkStatus();
  BertTemplate* const description = &json->post_processor.emplace();
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

absl::StatusOr<TokenizerJson> ParseTokenizerJson(std::string_view text, const std::string& source) {
  absl::StatusOr<nlohmann::json> document = ParseJson(text, source);
  if (!document.ok()) return document.status();
  const JsonField root(*document, source);
  if (absl::Status status = root.CheckIsObject(); !status.ok()) return status;

  TokenizerJson json;
  // The model's type first: it says what kind of tokenizer this is, if not ours.
  absl::Status status = ReadModel(root.Member("model"), &json);
  const JsonField normalizer = root.Member("normalizer");
  if (status.ok() && normalizer.exists()) status = ReadNormalizer(normalizer, &json);
  if (status.ok()) status = CheckGrowth(normalizer, json.normalizer);
  const JsonField pre_tokenizer = root.Member("pre_tokenizer").Member("type");
  if (status.ok() && !pre_tokenizer.IsString("BertPreTokenizer")) {
    status = pre_tokenizer.Error("\"BertPreTokenizer\"");
  }
  if (status.ok()) status = ReadPostProcessor(root.Member("post_processor"), &json);
  if (status.ok()) status = ReadAddedTokens(root.Member("added_tokens"), &json);
  const JsonField pad_token = root.Member("padding").Member("pad_token");
  if (status.ok() && pad_token.exists()) {
    status = Read(pad_token.String(), &json.pad_token.emplace());
  }
  if (!status.ok()) return status;
  return json;
}

}  // namespace verdict
