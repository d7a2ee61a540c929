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
#include "engine/tokenizer/files/bpe/bpe_json.h"
#include "engine/tokenizer/files/bpe/vocabulary_json.h"
#include "engine/tokenizer/files/post_processor_json.h"

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

absl::Status ReadWordPiece(const JsonField& model, WordPieceOptions* options) {
  absl::Status status = Read(model.Member("unk_token").String(), &options->unk_token);
  status.Update(Read(model.Member("continuing_subword_prefix").String(),
                     &options->continuing_subword_prefix));
  int32_t max_chars = 0;
  status.Update(
      Read(model.Member("max_input_chars_per_word").WholeNumber(kMaxCharsPerWord), &max_chars));
  options->max_input_chars_per_word = static_cast<size_t>(max_chars);
  return status;
}

absl::Status ReadModel(const JsonField& model, TokenizerJson* json) {
  // Files of 2020 name no type: the fields tell BPE from WordPiece, and both from the others.
  const JsonField type = model.Member("type");
  const bool is_bpe = type.exists() ? type.IsString("BPE") : model.Member("merges").exists();
  if (type.exists() && !is_bpe && !type.IsString("WordPiece")) {
    return type.Error("\"WordPiece\" or \"BPE\"");
  }
  absl::Status status;
  WordPieceOptions wordpiece;
  if (!is_bpe) status = ReadWordPiece(model, &wordpiece);
  if (status.ok()) status = Read(ReadVocabulary(model.Member("vocab")), &json->vocabulary);
  if (!status.ok()) return status;
  if (!is_bpe) {
    json->model = std::move(wordpiece);
    return absl::OkStatus();
  }
  return Read(ReadBpeOptions(model, json->vocabulary), &json->model.emplace<ByteLevelBpeOptions>());
}

// The pre-tokenizer that goes with the model.
absl::Status ReadPreTokenizer(const JsonField& pre_tokenizer, TokenizerJson* json) {
  if (std::holds_alternative<ByteLevelBpeOptions>(json->model)) {
    return Read(ReadByteLevel(pre_tokenizer),
                &json->pre_tokenizer.emplace<ByteLevelPreTokenizer>());
  }
  const JsonField type = pre_tokenizer.Member("type");
  return type.IsString("BertPreTokenizer") ? absl::OkStatus() : type.Error("\"BertPreTokenizer\"");
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
  if (status.ok()) status = ReadPreTokenizer(root.Member("pre_tokenizer"), &json);
  const JsonField post_processor = root.Member("post_processor");
  if (status.ok() && post_processor.exists()) {
    status = Read(ReadPostProcessor(post_processor), &json.post_processor.emplace());
  }
  if (status.ok()) status = ReadAddedTokens(root.Member("added_tokens"), &json);
  const JsonField pad_token = root.Member("padding").Member("pad_token");
  if (status.ok() && pad_token.exists()) {
    status = Read(pad_token.String(), &json.pad_token.emplace());
  }
  if (!status.ok()) return status;
  return json;
}

}  // namespace verdict
