#include "engine/tokenizer/files/tokenizer_assembly.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/files/json_field.h"
#include "engine/files/json_file.h"
#include "engine/files/quoted.h"
#include "engine/tokenizer/files/added_vocabulary.h"
#include "engine/tokenizer/files/bpe/merges.h"
#include "engine/tokenizer/files/class_defaults.h"
#include "engine/tokenizer/files/stated_tokens.h"
#include "engine/tokenizer/files/tokenizer_config.h"
#include "engine/tokenizer/files/tokenizer_json.h"
#include "engine/tokenizer/files/vocab_txt.h"

namespace verdict {
namespace {

constexpr char kConfigFile[] = "tokenizer_config.json";
constexpr char kJsonFile[] = "tokenizer.json";

std::string Shown(bool value) { return value ? "true" : "false"; }

// A value that tokenizer.json has, and what becomes of it.
struct Choice {
  const char* config_name;  // in tokenizer_config.json
  const char* json_name;    // in tokenizer.json
  std::string stated;       // by tokenizer_config.json; empty: nothing
  std::string found;        // in tokenizer.json
  std::string pipeline;     // what transformers takes
};

class Assembler {
 public:
  explicit Assembler(const TokenizerTexts& texts) : texts_(texts) {}

  absl::StatusOr<TokenizerDescription> Assemble() {
    absl::Status status = ReadConfigs();
    if (status.ok()) status = ReadVocabulary();
    if (status.ok()) status = ReadStated();
    if (!status.ok()) return status;
    AddWarnings(config_.warnings);
    AddWarnings(stated_.warnings);
    if (is_word_piece()) {
      SetNormalizer();
      status = SetWordPiece();
    }
    if (status.ok()) status = SetTokens();
    if (!status.ok()) return status;
    description_.model_max_length = config_.model_max_length;
    return std::move(description_);
  }

 private:
  std::string NameOf(const char* file) const {
    return texts_.directory.empty() ? file : absl::StrCat(texts_.directory, "/", file);
  }

  // Whether transformers makes the tokenizer anew from the vocabulary and tokenizer_config.json.
  bool is_rebuilt() const { return defaults_ != nullptr; }
  bool is_word_piece() const {
    return std::holds_alternative<WordPieceOptions>(description_.model);
  }

  const char* DefaultName(size_t role) const {
    return (is_rebuilt() ? defaults_ : &kBertDefaults)->names[role];
  }

  void Warn(std::string warning) { description_.warnings.push_back(std::move(warning)); }
  void AddWarnings(const std::vector<std::string>& warnings) {
    for (const std::string& warning : warnings) Warn(warning);
  }

  // Says what becomes of a value that two files, or a file and transformers, see differently.
  void WarnOf(const Choice& choice) {
    if (!choice.stated.empty() && choice.stated != choice.found) {
      Warn(absl::StrCat(kConfigFile, " says ", choice.config_name, " ", choice.stated, ", ",
                        kJsonFile, " says ", choice.json_name, " ", choice.found, ": ",
                        is_rebuilt() ? kConfigFile : kJsonFile,
                        " is followed, as by transformers"));
    } else if (choice.stated.empty() && is_rebuilt() && choice.found != choice.pipeline) {
      Warn(absl::StrCat(kJsonFile, " says ", choice.json_name, " ", choice.found, ", ", kConfigFile,
                        " says nothing of ", choice.config_name, ": ", kJsonFile,
                        " is followed; transformers 5 would take ", choice.pipeline));
    }
  }

  absl::Status ReadConfigs() {
    const auto parse = [&](const std::optional<std::string>& text, const char* file,
                           nlohmann::json* document) -> absl::Status {
      if (!text) return absl::OkStatus();
      absl::StatusOr<nlohmann::json> parsed = ParseJson(*text, NameOf(file));
      if (!parsed.ok()) return parsed.status();
      *document = *std::move(parsed);
      return JsonField(*document, NameOf(file)).CheckIsObject();
    };
    nlohmann::json model_config = nlohmann::json::object();
    absl::Status status = parse(texts_.tokenizer_config, kConfigFile, &config_document_);
    if (status.ok()) status = parse(texts_.model_config, "config.json", &model_config);
    if (!status.ok()) return status;
    absl::StatusOr<TokenizerConfig> config =
        ReadTokenizerConfig(JsonField(config_document_, NameOf(kConfigFile)),
                            JsonField(model_config, NameOf("config.json")));
    if (!config.ok()) return config.status();
    config_ = *std::move(config);
    return absl::OkStatus();
  }

  absl::Status ReadVocabulary() {
    if (texts_.tokenizer_json) return ReadTokenizerJson();
    if (texts_.vocab_txt) return ReadVocabTxt();
    if (texts_.vocab_json) return ReadVocabJson();
    return absl::NotFoundError(absl::StrCat(
        texts_.directory,
        ": expected tokenizer.json, or vocab.txt, or vocab.json and merges.txt, found none"));
  }

  absl::Status ReadTokenizerJson() {
    absl::StatusOr<TokenizerJson> json =
        ParseTokenizerJson(*texts_.tokenizer_json, NameOf(kJsonFile));
    if (!json.ok()) return json.status();
    json_ = *std::move(json);
    description_.source = NameOf(kJsonFile);
    description_.vocabulary = std::move(json_->vocabulary);
    description_.normalizer = json_->normalizer;
    description_.pre_tokenizer = json_->pre_tokenizer;
    description_.model = std::move(json_->model);
    if (is_word_piece()) {
      const auto stated = config_.tokenizer_class.value_or(TokenizerClass::kBert);
      if (stated == TokenizerClass::kBert) defaults_ = &kBertDefaults;
    } else if (config_.tokenizer_class == TokenizerClass::kBert) {
      return ClassError(
          "RobertaTokenizer or PreTrainedTokenizerFast beside a tokenizer.json of BPE");
    }
    if (!config_.unknown_class.empty()) {
      Warn(absl::StrCat(kConfigFile, " says tokenizer_class ", Quoted(config_.unknown_class),
                        ", which is not known: ", kJsonFile, " is read as it is"));
    }
    WarnOfPrefixSpace();
    return absl::OkStatus();
  }

  absl::Status ReadVocabTxt() {
    if (config_.tokenizer_class.value_or(TokenizerClass::kBert) != TokenizerClass::kBert) {
      return ClassError("BertTokenizer or DistilBertTokenizer beside vocab.txt");
    }
    absl::StatusOr<Vocabulary> vocabulary =
        ParseVocabTxt({.text = *texts_.vocab_txt, .name = NameOf("vocab.txt")});
    if (!vocabulary.ok()) return vocabulary.status();
    description_.source = NameOf("vocab.txt");
    description_.vocabulary = *std::move(vocabulary);
    defaults_ = &kBertDefaults;
    return absl::OkStatus();
  }

  absl::Status ReadVocabJson() {
    if (config_.tokenizer_class.value_or(TokenizerClass::kRoberta) != TokenizerClass::kRoberta) {
      return ClassError("RobertaTokenizer beside vocab.json and merges.txt");
    }
    if (!texts_.merges_txt) {
      return absl::NotFoundError(
          absl::StrCat(NameOf("merges.txt"), ": expected beside vocab.json, found nothing"));
    }
    description_.source = NameOf("vocab.json");
    absl::StatusOr<BytePairFiles> files =
        ParseBytePairFiles({.text = *texts_.vocab_json, .name = description_.source},
                           {.text = *texts_.merges_txt, .name = NameOf("merges.txt")});
    if (!files.ok()) return files.status();
    description_.vocabulary = std::move(files->vocabulary);
    description_.model = ByteLevelBpeOptions{.merges = std::move(files->merges)};
    description_.normalizer.clear();
    description_.pre_tokenizer =
        ByteLevelPreTokenizer{.add_prefix_space = config_.add_prefix_space.value.value_or(false)};
    defaults_ = &kRobertaDefaults;
    return absl::OkStatus();
  }

  absl::Status ClassError(const std::string& expected) const {
    const JsonField field(config_document_, NameOf(kConfigFile));
    return field.Member("tokenizer_class").Error(expected);
  }

  void WarnOfPrefixSpace() {
    const auto* const byte_level = std::get_if<ByteLevelPreTokenizer>(&description_.pre_tokenizer);
    const std::optional<bool> stated = config_.add_prefix_space.value;
    if (byte_level == nullptr || !stated || *stated == byte_level->add_prefix_space) return;
    Warn(absl::StrCat(kConfigFile, " says add_prefix_space ", Shown(*stated), ", ", kJsonFile,
                      " says ", Shown(byte_level->add_prefix_space), ": ", kJsonFile,
                      " is followed"));
  }

  absl::Status ReadStated() {
    const auto named = [&](const std::optional<std::string>& text,
                           const char* file) -> std::optional<NamedText> {
      if (!text) return std::nullopt;
      return NamedText{.text = *text, .name = NameOf(file)};
    };
    TokenStatements files = {
        .config = {.text = texts_.tokenizer_config ? std::string_view(*texts_.tokenizer_config)
                                                   : std::string_view("{}"),
                   .name = NameOf(kConfigFile)},
        .config_field = JsonField(config_document_, NameOf(kConfigFile)),
        .special_tokens_map = named(texts_.special_tokens_map, "special_tokens_map.json"),
        .added_tokens = named(texts_.added_tokens, "added_tokens.json"),
        .in_tokenizer_json = {}};
    if (json_) {
      for (const auto& [id, token] : json_->added_tokens) files.in_tokenizer_json[id] = token;
    }
    absl::StatusOr<StatedTokens> stated = ReadStatedTokens(files);
    if (!stated.ok()) return stated.status();
    stated_ = *std::move(stated);
    return absl::OkStatus();
  }

  // What BertTokenizer makes of tokenizer_config.json, where `silent` is what it leaves open.
  NormalizerOptions Configured(const NormalizerOptions& silent,
                               const std::optional<bool>& silent_strip_accents) const {
    NormalizerOptions options = silent;
    options.lowercase = config_.do_lower_case.value.value_or(silent.lowercase);
    options.handle_chinese_chars =
        config_.tokenize_chinese_chars.value.value_or(silent.handle_chinese_chars);
    const std::optional<bool> strip_accents =
        config_.strip_accents.is_stated ? config_.strip_accents.value : silent_strip_accents;
    options.strip_accents = strip_accents.value_or(options.lowercase);
    return options;
  }

  void SetNormalizer() {
    const NormalizerOptions pipeline = Configured(NormalizerOptions(), std::nullopt);
    if (!json_) {
      description_.normalizer = {pipeline};
      return;
    }
    const bool is_one = json_->normalizer.size() == 1;
    const auto* const found =
        is_one ? std::get_if<NormalizerOptions>(&json_->normalizer[0]) : nullptr;
    if (found != nullptr) {
      const NormalizerOptions configured = Configured(*found, json_->strip_accents);
      if (is_rebuilt()) description_.normalizer = {configured};
      WarnOfNormalizer(*found, configured, pipeline);
    } else if (is_rebuilt()) {
      const bool is_configured = config_.do_lower_case.is_stated ||
                                 config_.strip_accents.is_stated ||
                                 config_.tokenize_chinese_chars.is_stated;
      if (is_configured) description_.normalizer = {pipeline};
      Warn(absl::StrCat(kJsonFile, " has another normalizer than a BertNormalizer, ", kConfigFile,
                        is_configured
                            ? " says how to normalize: it is followed, as by transformers"
                            : " says nothing of it: the first is followed; transformers 5 would "
                              "take a BertNormalizer"));
    }
  }

  void WarnOfNormalizer(const NormalizerOptions& found, const NormalizerOptions& configured,
                        const NormalizerOptions& pipeline) {
    const auto stated = [](const StatedBool& field, bool value) {
      return field.is_stated ? Shown(value) : "";
    };
    WarnOf({"do_lower_case", "lowercase", stated(config_.do_lower_case, configured.lowercase),
            Shown(found.lowercase), Shown(pipeline.lowercase)});
    // Unless one of the files says it, it goes with the above.
    if (config_.strip_accents.is_stated || json_->strip_accents) {
      WarnOf({"strip_accents", "strip_accents",
              stated(config_.strip_accents, configured.strip_accents), Shown(found.strip_accents),
              Shown(pipeline.strip_accents)});
    }
    WarnOf({"tokenize_chinese_chars", "handle_chinese_chars",
            stated(config_.tokenize_chinese_chars, configured.handle_chinese_chars),
            Shown(found.handle_chinese_chars), Shown(pipeline.handle_chinese_chars)});
    WarnOf({"clean_text", "clean_text", "", Shown(found.clean_text), Shown(pipeline.clean_text)});
  }

  // The content of a role's token: as stated, else as in tokenizer.json, else the class's.
  absl::StatusOr<std::string> ContentOf(size_t role, const char* json_name,
                                        const std::optional<std::string>& found) {
    const StatedRole& stated = stated_.roles[role];
    if (is_rebuilt() && stated.is_stated && !stated.token) {
      return absl::InvalidArgumentError(
          absl::StrCat(description_.source, ": expected a ", kRoles[role],
                       ", found null in tokenizer_config.json or special_tokens_map.json"));
    }
    if (found) {
      WarnOf({kRoles[role], json_name, stated.token ? Quoted(stated.token->content) : "",
              Quoted(*found), Quoted(DefaultName(role))});
      if (!is_rebuilt() || !stated.token) return *found;
    }
    return stated.token ? stated.token->content : DefaultName(role);
  }

  absl::Status SetWordPiece() {
    auto& options = std::get<WordPieceOptions>(description_.model);
    const WordPieceOptions defaults;
    WarnOf({"continuing_subword_prefix", "continuing_subword_prefix", "",
            Quoted(options.continuing_subword_prefix), Quoted(defaults.continuing_subword_prefix)});
    WarnOf({"max_input_chars_per_word", "max_input_chars_per_word", "",
            absl::StrCat(options.max_input_chars_per_word),
            absl::StrCat(defaults.max_input_chars_per_word)});
    const absl::StatusOr<std::string> unk =
        ContentOf(kUnkRole, "unk_token", json_ ? std::optional(options.unk_token) : std::nullopt);
    if (!unk.ok()) return unk.status();
    options.unk_token = *unk;
    if (unk->empty() || !description_.vocabulary.Find(*unk)) return Missing(kUnkRole, *unk);
    return absl::OkStatus();
  }

  absl::Status Missing(size_t role, const std::string& content) const {
    return absl::InvalidArgumentError(absl::StrCat(description_.source, ": expected the ",
                                                   kRoles[role], " ", Quoted(content),
                                                   " in the vocabulary, found nothing"));
  }

  // The special tokens in the order in which the reference adds them; with `defaults` also those
  // of the class that no file names.
  std::vector<DeclaredToken> NamedTokens(const ClassDefaults* defaults) const {
    std::vector<DeclaredToken> tokens;
    for (size_t role = 0; role < kRoles.size(); ++role) {
      const StatedRole& stated = stated_.roles[role];
      std::optional<DeclaredToken> token = stated.token;
      if (!stated.is_stated && defaults != nullptr) {
        token = DeclaredToken{.content = defaults->names[role], .special = true};
      } else if (!stated.is_stated && role == kPadRole && json_ && json_->pad_token) {
        token = DeclaredToken{.content = *json_->pad_token, .special = true};
      }
      if (!token) continue;
      // Where a file has only the name, the flags are the class's.
      const bool is_bare_mask = role == kMaskRole && !token->normalized;
      if (is_bare_mask && defaults != nullptr && defaults->mask_lstrip) token->lstrip = true;
      tokens.push_back(*std::move(token));
    }
    for (const auto& [name, token] : stated_.named) tokens.push_back(token);
    return tokens;
  }

  // All that the reference adds to the vocabulary and what tokenizer.json added.
  std::vector<DeclaredToken> TokensToAdd(const AddedVocabulary& before) const {
    const std::vector<DeclaredToken> named = NamedTokens(defaults_);
    std::vector<DeclaredToken> tokens;
    absl::flat_hash_set<std::string> known;
    for (const auto& [id, token] : stated_.declared) {
      tokens.push_back(token);
      known.insert(token.content);
    }
    const auto append = [&](const std::vector<DeclaredToken>& more) {
      for (const DeclaredToken& token : more) {
        if (!known.contains(token.content) && !before.Contains(token.content)) {
          tokens.push_back(token);
        }
      }
    };
    append(named);
    append(stated_.extra);
    absl::flat_hash_set<std::string_view> special;
    for (const DeclaredToken& token : named) special.insert(token.content);
    for (DeclaredToken& token : tokens) token.special |= special.contains(token.content);
    return tokens;
  }

  absl::Status SetTokens() {
    AddedVocabulary added(description_.vocabulary);
    if (!is_rebuilt()) {
      std::vector<DeclaredToken> in_json;
      for (const auto& [id, token] : json_->added_tokens) in_json.push_back(token);
      added.Add(in_json);
    }
    added.Add(TokensToAdd(added));
    for (const auto& [id, token] : stated_.declared) {
      const std::optional<int64_t> given = added.Find(token.content);
      if (!given || *given == id) continue;
      Warn(absl::StrCat("the added token ", Quoted(token.content), " is declared with the id ", id,
                        ", and has ", *given, ", as in transformers"));
    }
    description_.added_tokens = added.Tokens(config_.split_special_tokens);
    DropUnnamed();
    return SetPostProcessor(added);
  }

  // The class gives its own names for special tokens ids even if neither the vocabulary nor a
  // file has them. A text that has one would get an id for which the model has no embedding: such
  // a name is left to the words.
  void DropUnnamed() {
    absl::flat_hash_set<std::string> named;
    for (const DeclaredToken& token : NamedTokens(nullptr)) named.insert(token.content);
    for (const auto& [id, token] : stated_.declared) named.insert(token.content);
    for (const DeclaredToken& token : stated_.extra) named.insert(token.content);
    if (json_) {
      for (const auto& [id, token] : json_->added_tokens) named.insert(token.content);
    }
    std::erase_if(description_.added_tokens, [&](const AddedToken& token) {
      return !named.contains(token.content) && !description_.vocabulary.Find(token.content);
    });
  }

  // The tokens around an input's texts.
  absl::Status SetPostProcessor(const AddedVocabulary& added) {
    if (is_rebuilt()) return RebuildPostProcessor(added);
    if (!json_->post_processor) {
      return absl::InvalidArgumentError(absl::StrCat(
          description_.source,
          ": \"post_processor\": expected one that adds special tokens, as "
          "\"TemplateProcessing\" or \"RobertaProcessing\", found nothing: transformers would add "
          "no [CLS]",
          is_word_piece() ? " for this tokenizer_class; \"BertTokenizer\" in tokenizer_config.json "
                            "adds one"
                          : ", and the model has no token to classify by"));
    }
    description_.post_processor = *json_->post_processor;
    return absl::OkStatus();
  }

  absl::Status RebuildPostProcessor(const AddedVocabulary& added) {
    const std::optional<PostProcessor> found = json_ ? json_->post_processor : std::nullopt;
    const auto first = [](const std::vector<SpecialToken>& tokens) -> std::optional<std::string> {
      return tokens.empty() ? std::nullopt : std::optional(tokens.front().content);
    };
    SpecialToken cls;
    SpecialToken sep;
    absl::Status status =
        SetEnd(kClsRole, found ? first(found->single.before) : std::nullopt, added, &cls);
    if (status.ok()) {
      status = SetEnd(kSepRole, found ? first(found->single.after) : std::nullopt, added, &sep);
    }
    if (!status.ok()) return status;
    description_.post_processor = defaults_->post_processor(cls, sep);
    const auto* const byte_level = std::get_if<ByteLevelPreTokenizer>(&description_.pre_tokenizer);
    if (byte_level != nullptr && config_.trim_offsets.value.value_or(true)) {
      description_.post_processor.trims = {{.add_prefix_space = byte_level->add_prefix_space}};
    }
    return absl::OkStatus();
  }

  absl::Status SetEnd(size_t role, const std::optional<std::string>& found,
                      const AddedVocabulary& added, SpecialToken* end) {
    const absl::StatusOr<std::string> content = ContentOf(role, "post_processor", found);
    if (!content.ok()) return content.status();
    const std::optional<int64_t> id = added.Find(*content);
    const bool is_there =
        description_.vocabulary.Find(*content) ||
        std::any_of(description_.added_tokens.begin(), description_.added_tokens.end(),
                    [&](const AddedToken& t) { return t.content == *content; });
    if (!id || content->empty() || !is_there) return Missing(role, *content);
    *end = {.content = *content, .id = static_cast<int32_t>(*id)};
    return absl::OkStatus();
  }

  const TokenizerTexts& texts_;
  nlohmann::json config_document_ = nlohmann::json::object();
  TokenizerConfig config_;
  std::optional<TokenizerJson> json_;
  const ClassDefaults* defaults_ = nullptr;  // of the class that is rebuilt; null: none is
  StatedTokens stated_;
  TokenizerDescription description_;
};

}  // namespace

absl::StatusOr<TokenizerDescription> AssembleTokenizer(const TokenizerTexts& texts) {
  return Assembler(texts).Assemble();
}

}  // namespace verdict
