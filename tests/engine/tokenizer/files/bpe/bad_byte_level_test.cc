// Ways in which the files of a byte-level tokenizer can be wrong, or of another kind, one case
// each.
#include <ctime>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/tokenizer/files/tokenizer_assembly.h"
#include "engine/tokenizer/tokenizer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;

// Of this process's own CPU, whatever else the machine does: 0.2 s, and ten times that with a
// sanitizer. What is not linear takes minutes.
constexpr std::clock_t kLongestRefusal = 3 * CLOCKS_PER_SEC;

constexpr char kGood[] = R"({
  "added_tokens": [{"id": 0, "content": "<s>", "single_word": false, "lstrip": false,
                    "rstrip": false, "normalized": false, "special": true}],
  "normalizer": null,
  "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true},
  "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0],
                     "trim_offsets": true, "add_prefix_space": false},
  "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
            "end_of_word_suffix": "", "fuse_unk": false,
            "vocab": {"<s>": 0, "<pad>": 1, "</s>": 2, "a": 3, "b": 4, "c": 5, "ab": 6, "abc": 7},
            "merges": ["a b", ["ab", "c"]]}})";

constexpr char kGoodVocab[] =
    R"({"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4, "a": 5, "b": 6, "ab": 7})";
constexpr char kGoodMerges[] = "#version: 0.2\na b\n";

absl::StatusOr<Tokenizer> Assembled(const TokenizerTexts& texts) {
  const auto description = AssembleTokenizer(texts);
  if (!description.ok()) return description.status();
  return Tokenizer::Create(*description);
}

std::vector<int32_t> IdsOf(const Tokenizer& tokenizer, const std::string& text) {
  return tokenizer.Encode({.text = text, .text_pair = {}}, 100, Truncation::kError)->input_ids;
}

void ExpectRefusedAtOnce(const TokenizerTexts& texts, const std::string& message) {
  const std::clock_t begin = std::clock();
  const absl::Status status = Assembled(texts).status();
  EXPECT_LT(std::clock() - begin, kLongestRefusal);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()), message);
}

// --- tokenizer.json ---

struct BadJson {
  const char* name;
  std::function<void(Json&)> damage;
  std::string message;
};

void PrintTo(const BadJson& bad, std::ostream* out) { *out << bad.name; }

std::function<void(Json&)> Set(const std::string& pointer, const Json& value) {
  return [=](Json& document) { document[Json::json_pointer(pointer)] = value; };
}

std::function<void(Json&)> SetText(const std::string& pointer, const std::string& value) {
  return Set(pointer, Json::parse(value));
}

class BadByteLevelJsonTest : public testing::TestWithParam<BadJson> {};

TEST_P(BadByteLevelJsonTest, IsRefusedAtOnceWithItsReason) {
  Json document = Json::parse(kGood);
  GetParam().damage(document);
  ExpectRefusedAtOnce({.tokenizer_json = document.dump()}, "tokenizer.json: " + GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Merges, BadByteLevelJsonTest,
    testing::Values(
        BadJson{"UnknownLeft", Set("/model/merges/0", "x b"),
                "\"model.merges[0]\": expected tokens of the vocabulary, which lacks \"x\", found "
                "\"x b\""},
        BadJson{"UnknownRight", SetText("/model/merges/1", R"(["a", "x"])"),
                "\"model.merges[1]\": expected tokens of the vocabulary, which lacks \"x\", found "
                "an array"},
        BadJson{"MakesAnUnknownToken", Set("/model/merges/0", "b a"),
                "\"model.merges[0]\": expected tokens of the vocabulary, which lacks \"ba\", found "
                "\"b a\""},
        BadJson{"OfItself", Set("/model/merges/0", "ab ab"),
                "\"model.merges[0]\": expected tokens of the vocabulary, which lacks \"abab\", "
                "found \"ab ab\""},
        BadJson{"OfThree", Set("/model/merges/0", "a b c"),
                "\"model.merges[0]\": expected two tokens with one space between them, found "
                "\"a b c\""},
        BadJson{"OfOne", Set("/model/merges/0", "ab"),
                "\"model.merges[0]\": expected two tokens with one space between them, found "
                "\"ab\""},
        BadJson{"OfNothing", Set("/model/merges/0", ""),
                "\"model.merges[0]\": expected two tokens with one space between them, found "
                "\"\""},
        BadJson{"OfNothingAndOne", Set("/model/merges/0", " a"),
                "\"model.merges[0]\": expected two tokens with one space between them, found "
                "\" a\""},
        BadJson{"AsAnArrayOfThree", SetText("/model/merges/0", R"(["a", "b", "c"])"),
                "\"model.merges[0]\": expected two tokens with one space between them, found an "
                "array"},
        BadJson{"AsAnArrayOfIds", SetText("/model/merges/0", "[3, 4]"),
                "\"model.merges[0]\": expected two tokens with one space between them, found an "
                "array"},
        BadJson{"AsANumber", Set("/model/merges/0", 3),
                "\"model.merges[0]\": expected two tokens with one space between them, found 3"},
        BadJson{"AsAnObject", Set("/model/merges", Json::object()),
                "\"model.merges\": expected an array, found an object"},
        BadJson{"Absent", Set("/model/merges", nullptr),
                "\"model.merges\": expected an array, found nothing"},
        BadJson{"OfMuch", Set("/model/merges/0", std::string(1 << 20, 'a') + " b"),
                "\"model.merges[0]\": expected tokens of the vocabulary, which lacks \"" +
                    std::string(100, 'a') + "\u2026\", found \"" + std::string(100, 'a') +
                    "\u2026\""}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Model, BadByteLevelJsonTest,
    testing::Values(
        BadJson{"IdTwice", Set("/model/vocab/c", 4),
                "expected every id once, found 4 for \"b\" and for \"c\""},
        BadJson{"IdIsNegative", Set("/model/vocab/c", -1),
                "\"model.vocab.c\": expected a whole number from 0 to 1000000, found -1"},
        BadJson{"IdIsHuge", Set("/model/vocab/c", 1'000'001),
                "\"model.vocab.c\": expected a whole number from 0 to 1000000, found 1000001"},
        BadJson{"TokenIsHuge", Set("/model/vocab/" + std::string(1025, 'a'), 8),
                "expected tokens of at most 1024 bytes, found \"" + std::string(100, 'a') +
                    "\u2026\" of 1025"},
        BadJson{"VocabIsAnArray", SetText("/model/vocab", R"(["a", "b"])"),
                "\"model.vocab\": expected an object, found an array"},
        BadJson{"Dropout", Set("/model/dropout", 0.1),
                "\"model.dropout\": expected null: with dropout, a text's tokens are random, found "
                "0.1"},
        BadJson{"ByteFallback", Set("/model/byte_fallback", true),
                "\"model.byte_fallback\": expected false: of BPE models only byte-level ones are "
                "supported, found true"},
        BadJson{"Prefix", Set("/model/continuing_subword_prefix", "##"),
                "\"model.continuing_subword_prefix\": expected \"\": byte-level tokens have none, "
                "found \"##\""},
        BadJson{"Suffix", Set("/model/end_of_word_suffix", "</w>"),
                "\"model.end_of_word_suffix\": expected \"\": byte-level tokens have none, found "
                "\"</w>\""},
        BadJson{"NoUnknownInVocab", Set("/model/unk_token", "<unk>"),
                "expected the unknown token \"<unk>\" in the vocabulary, found nothing"},
        BadJson{"UnknownIsANumber", Set("/model/unk_token", 3),
                "\"model.unk_token\": expected a string, found 3"},
        BadJson{"FuseIsAWord", Set("/model/fuse_unk", "yes"),
                "\"model.fuse_unk\": expected true or false, found \"yes\""},
        BadJson{"IgnoreMergesIsANumber", Set("/model/ignore_merges", 1),
                "\"model.ignore_merges\": expected true or false, found 1"}),
    [](const auto& info) { return info.param.name; });

constexpr char kSplit[] = R"({"type": "Sequence", "pretokenizers": [
    {"type": "Split", "pattern": {"Regex": "\\p{N}{1,3}"}, "behavior": "Isolated", "invert": false},
    {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]})";

INSTANTIATE_TEST_SUITE_P(
    PreTokenizer, BadByteLevelJsonTest,
    testing::Values(
        BadJson{"Metaspace", Set("/pre_tokenizer/type", "Metaspace"),
                "\"pre_tokenizer.type\": expected \"ByteLevel\", found \"Metaspace\""},
        BadJson{"OfBert", Set("/pre_tokenizer/type", "BertPreTokenizer"),
                "\"pre_tokenizer.type\": expected \"ByteLevel\", found \"BertPreTokenizer\""},
        BadJson{"None", Set("/pre_tokenizer", nullptr),
                "\"pre_tokenizer.type\": expected \"ByteLevel\", found nothing"},
        BadJson{
            "WithoutItsRegex", Set("/pre_tokenizer/use_regex", false),
            "\"pre_tokenizer.use_regex\": expected true, or a \"Split\" before it, found false"},
        BadJson{"PrefixSpaceIsAWord", Set("/pre_tokenizer/add_prefix_space", "no"),
                "\"pre_tokenizer.add_prefix_space\": expected true or false, found \"no\""},
        BadJson{"SplitByAnotherRegex", SetText("/pre_tokenizer", kSplit),
                "\"pre_tokenizer.pretokenizers[0].pattern.Regex\": expected GPT-2's regular "
                "expression, 's|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| "
                "?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+, found \"\\\\p{N}{1,3}\""},
        BadJson{"DigitsBefore", SetText("/pre_tokenizer", R"({"type": "Sequence", "pretokenizers": [
                    {"type": "Digits"}, {"type": "ByteLevel"}]})"),
                "\"pre_tokenizer.pretokenizers[0].type\": expected \"Split\" before \"ByteLevel\", "
                "found \"Digits\""},
        BadJson{"SequenceOfThree",
                SetText("/pre_tokenizer", R"({"type": "Sequence", "pretokenizers": [1, 2, 3]})"),
                "\"pre_tokenizer.pretokenizers\": expected a \"ByteLevel\", or a \"Split\" and a "
                "\"ByteLevel\", found an array"},
        BadJson{"SequenceIsAWord",
                SetText("/pre_tokenizer", R"({"type": "Sequence", "pretokenizers": "ByteLevel"})"),
                "\"pre_tokenizer.pretokenizers\": expected an array, found \"ByteLevel\""},
        BadJson{
            "Nfc", SetText("/normalizer", R"({"type": "NFC"})"),
            "\"normalizer.type\": expected BertNormalizer, Lowercase, NFD, StripAccents, Strip, "
            "Replace or a Sequence of them, found \"NFC\""}),
    [](const auto& info) { return info.param.name; });

constexpr char kByteLevelAlone[] =
    R"({"type": "ByteLevel", "trim_offsets": true, "add_prefix_space": false})";
constexpr char kByteLevelLast[] = R"({"type": "Sequence", "processors": [
    {"type": "BertProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0]},
    {"type": "ByteLevel", "trim_offsets": true, "add_prefix_space": false}]})";

INSTANTIATE_TEST_SUITE_P(
    PostProcessor, BadByteLevelJsonTest,
    testing::Values(
        BadJson{
            "None", Set("/post_processor", nullptr),
            "\"post_processor\": expected one that adds special tokens, as "
            "\"TemplateProcessing\" or \"RobertaProcessing\", found nothing: transformers would "
            "add no [CLS], and the model has no token to classify by"},
        BadJson{"ClsIsAName", Set("/post_processor/cls", "<s>"),
                "\"post_processor.cls[0]\": expected a string, found nothing"},
        BadJson{"SepHasNoId", SetText("/post_processor/sep", R"(["</s>", null])"),
                "\"post_processor.sep[1]\": expected a whole number from 0 to 1000000, found "
                "nothing"},
        BadJson{"SepHasAnotherId", SetText("/post_processor/sep", R"(["</s>", 3])"),
                "expected id 2 for the special token \"</s>\", found 3"},
        BadJson{"SepIsNotThere", SetText("/post_processor/sep", R"(["<sep>", 2])"),
                "expected the special token \"<sep>\" in the vocabulary, found nothing"},
        BadJson{"TrimIsANumber", Set("/post_processor/trim_offsets", 1),
                "\"post_processor.trim_offsets\": expected true or false, found 1"},
        BadJson{"AddsNoTokens", SetText("/post_processor", kByteLevelAlone),
                "\"post_processor\": expected one that adds special tokens: "
                "\"TemplateProcessing\", \"BertProcessing\" or \"RobertaProcessing\", found an "
                "object"},
        BadJson{"TrimsAfterSpecialTokens", SetText("/post_processor", kByteLevelLast),
                "\"post_processor.processors[1].type\": expected nothing after the one that adds "
                "special tokens, found \"ByteLevel\""},
        BadJson{"SequenceIsEmpty",
                SetText("/post_processor", R"({"type": "Sequence", "processors": []})"),
                "\"post_processor\": expected one that adds special tokens: "
                "\"TemplateProcessing\", \"BertProcessing\" or \"RobertaProcessing\", found an "
                "object"},
        BadJson{"SequenceOfMany",
                [](Json& document) {
                  document["post_processor"] = {
                      {"type", "Sequence"},
                      {"processors", std::vector<Json>(100'000, Json::parse(kByteLevelAlone))}};
                },
                "\"post_processor.processors[8].type\": expected at most 8 post-processors, found "
                "\"ByteLevel\""}),
    [](const auto& info) { return info.param.name; });

TEST(ByteLevelJsonTest, TheControlLoads) {
  const auto tokenizer = Assembled({.tokenizer_json = kGood});
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_THAT(IdsOf(*tokenizer, "abc"), ElementsAre(0, 7, 2));
  EXPECT_THAT(tokenizer->warnings(), ElementsAre());
}

TEST(ByteLevelJsonTest, AModelWithoutATypeIsBpeByItsMerges) {
  Json document = Json::parse(kGood);
  document["model"].erase("type");
  EXPECT_THAT(IdsOf(*Assembled({.tokenizer_json = document.dump()}), "abc"), ElementsAre(0, 7, 2));
}

TEST(ByteLevelJsonTest, RobertasTokenizerClassIsNoWarning) {
  const TokenizerTexts texts = {.tokenizer_json = kGood,
                                .tokenizer_config = R"({"tokenizer_class": "RobertaTokenizerFast",
                                                        "add_prefix_space": false})"};
  EXPECT_THAT(Assembled(texts)->warnings(), ElementsAre());
}

TEST(ByteLevelJsonTest, TokenizerJsonDecidesOnThePrefixSpace) {
  const TokenizerTexts texts = {.tokenizer_json = kGood,
                                .tokenizer_config = R"({"add_prefix_space": true})"};
  EXPECT_THAT(
      Assembled(texts)->warnings(),
      ElementsAre("tokenizer_config.json says add_prefix_space true, tokenizer.json says false: "
                  "tokenizer.json is followed"));
}

TEST(ByteLevelJsonTest, BertsTokenizerClassIsRefused) {
  ExpectRefusedAtOnce(
      {.tokenizer_json = kGood, .tokenizer_config = R"({"tokenizer_class": "BertTokenizer"})"},
      "tokenizer_config.json: \"tokenizer_class\": expected RobertaTokenizer or "
      "PreTrainedTokenizerFast beside a tokenizer.json of BPE, found \"BertTokenizer\"");
}

TEST(ByteLevelJsonTest, ATemplateMayHaveTwoTokensBetweenTheTexts) {
  Json document = Json::parse(kGood);
  document["post_processor"] = Json::parse(R"({"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}],
      "pair": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}},
               {"SpecialToken": {"id": "</s>"}}, {"SpecialToken": {"id": "</s>"}},
               {"Sequence": {"id": "B"}}],
      "special_tokens": {"<s>": {"ids": [0]}, "</s>": {"ids": [2]}}})");
  const auto tokenizer = Assembled({.tokenizer_json = document.dump()});
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_THAT(IdsOf(*tokenizer, "a"), ElementsAre(0, 3));
  const TextInput pair = {.text = "abc", .text_pair = "bb"};
  EXPECT_THAT(tokenizer->Encode(pair, 100, Truncation::kError)->input_ids,
              ElementsAre(0, 7, 2, 2, 4, 4));
  EXPECT_EQ(std::string(tokenizer->Encode(pair, 2, Truncation::kRight).status().message()),
            "expected room for at least 3 tokens, found a limit of 2");
}

// --- vocab.json and merges.txt ---

struct BadFiles {
  const char* name;
  std::string vocab;
  std::string merges;
  std::string config;
  std::string message;
};

void PrintTo(const BadFiles& bad, std::ostream* out) { *out << bad.name; }

class BadMergesTxtTest : public testing::TestWithParam<BadFiles> {};

TEST_P(BadMergesTxtTest, IsRefusedAtOnceWithItsReason) {
  ExpectRefusedAtOnce({.vocab_json = GetParam().vocab,
                       .merges_txt = GetParam().merges,
                       .tokenizer_config = GetParam().config},
                      GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Files, BadMergesTxtTest,
    testing::Values(
        BadFiles{"VocabIsAnArray", "[\"a\"]", kGoodMerges, "{}",
                 "vocab.json: expected an object, found an array"},
        BadFiles{"VocabIsCutShort", "{\"a\": ", kGoodMerges, "{}",
                 "vocab.json: not JSON at byte 7, near \"\\\"a\\\": \""},
        BadFiles{"VocabIsEmpty", "{}", "", "{}",
                 "vocab.json: expected the cls_token \"<s>\" in the vocabulary, found nothing"},
        BadFiles{"IdIsAWord", R"({"a": "0"})", kGoodMerges, "{}",
                 "vocab.json: \"a\": expected a whole number from 0 to 1000000, found \"0\""},
        BadFiles{"TokenTwice", R"({"a": 0, "a": 1})", kGoodMerges, "{}",
                 "vocab.json: the name \"a\" is twice in one object"},
        BadFiles{"IdTwice", R"({"<s>": 0, "</s>": 1, "a": 1})", "", "{}",
                 "vocab.json: expected every id once, found 1 for \"</s>\" and for \"a\""},
        BadFiles{"LineOfThree", kGoodVocab, "#version: 0.2\na b\na b c\n", "{}",
                 "merges.txt: line 3: expected two tokens with one space between them, found "
                 "\"a b c\""},
        BadFiles{"EmptyLine", kGoodVocab, "a b\n\n", "{}",
                 "merges.txt: line 2: expected two tokens with one space between them, found \"\""},
        BadFiles{"UnknownToken", kGoodVocab, "# a\n", "{}",
                 "merges.txt: line 1: expected tokens of the vocabulary, which lacks \"#\", found "
                 "\"# a\""},
        BadFiles{"NotUtf8", kGoodVocab, "a b\n\xff b\n", "{}", "merges.txt: not UTF-8 at byte 4"},
        BadFiles{"LineOf60Megabytes", kGoodVocab, "a b\n" + std::string(60 << 20, 'a'), "{}",
                 "merges.txt: line 2: expected at most 2049 bytes, found 62914560"},
        BadFiles{"TooManyLines", kGoodVocab, std::string(1'000'001, '\n'), "{}",
                 "merges.txt: expected at most 1000000 lines, found more"},
        BadFiles{"AnotherClass", kGoodVocab, kGoodMerges, R"({"tokenizer_class": "CLIPTokenizer"})",
                 "tokenizer_config.json: \"tokenizer_class\": expected RobertaTokenizer beside "
                 "vocab.json and merges.txt, found \"CLIPTokenizer\""},
        BadFiles{"NoSeparator", kGoodVocab, kGoodMerges, R"({"sep_token": null})",
                 "vocab.json: expected a sep_token, found null in tokenizer_config.json or "
                 "special_tokens_map.json"},
        BadFiles{"ClsIsNotThere", kGoodVocab, kGoodMerges, R"({"cls_token": ""})",
                 "vocab.json: expected the cls_token \"\" in the vocabulary, found nothing"},
        BadFiles{"PrefixSpaceIsAWord", kGoodVocab, kGoodMerges, R"({"add_prefix_space": "yes"})",
                 "tokenizer_config.json: \"add_prefix_space\": expected true or false, found "
                 "\"yes\""}),
    [](const auto& info) { return info.param.name; });

TEST(MergesTxtTest, TheControlLoads) {
  const auto tokenizer = Assembled({.vocab_json = kGoodVocab, .merges_txt = kGoodMerges});
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_THAT(IdsOf(*tokenizer, "ab <mask>a"), ElementsAre(0, 7, 4, 5, 2));
}

TEST(MergesTxtTest, LinesMayEndAsOnWindows) {
  const auto tokenizer = Assembled({.vocab_json = kGoodVocab, .merges_txt = "a b\r\n"});
  EXPECT_THAT(IdsOf(*tokenizer, "ab"), ElementsAre(0, 7, 2));
}

TEST(MergesTxtTest, TheConfigMayGiveTheMaskOtherFlags) {
  const char config[] = R"({"mask_token": {"content": "<mask>", "lstrip": false,
      "rstrip": true, "normalized": true, "single_word": false}})";
  const auto tokenizer =
      Assembled({.vocab_json = kGoodVocab, .merges_txt = kGoodMerges, .tokenizer_config = config});
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  const auto tokens = tokenizer->Tokenize({.text = " <mask> ", .text_pair = {}}, false);
  ASSERT_EQ(tokens.size(), 1u) << "the vocabulary has no space";
  EXPECT_EQ(tokens[0].id, 4);
}

TEST(MergesTxtTest, VocabJsonNeedsMerges) {
  const absl::Status status = Assembled({.vocab_json = kGoodVocab}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(std::string(status.message()), "merges.txt: expected beside vocab.json, found nothing");
}

}  // namespace
}  // namespace verdict
