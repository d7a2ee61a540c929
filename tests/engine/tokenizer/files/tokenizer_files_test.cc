#include "engine/tokenizer/files/tokenizer_files.h"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/tokenizer/files/tokenizer_assembly.h"
#include "engine/tokenizer/tokenizer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

// Of this process's own work: what else the machine does must not count.
constexpr std::clock_t kLongestRefusal = CLOCKS_PER_SEC / 5;
constexpr char kVocab[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nabc\n##d\n\u00e9\ne\nE\n";

Json SpecialPiece(const std::string& name) {
  return {{"SpecialToken", {{"id", name}, {"type_id", 0}}}};
}
Json SequencePiece(const std::string& name) {
  return {{"Sequence", {{"id", name}, {"type_id", 0}}}};
}

Json AddedTokenJson(const std::string& content, int id) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

// What bert-base-uncased's tokenizer.json says, with a vocabulary of six.
Json ValidTokenizerJson() {
  const Json cls = SpecialPiece("[CLS]");
  const Json sep = SpecialPiece("[SEP]");
  const Json a = SequencePiece("A");
  return {
      {"version", "1.0"},
      {"truncation", {{"max_length", 2}, {"strategy", "LongestFirst"}, {"stride", 0}}},
      {"padding", {{"strategy", {{"Fixed", 128}}}, {"pad_id", 0}}},
      {"added_tokens", {AddedTokenJson("[CLS]", 1), AddedTokenJson("[SEP]", 2)}},
      {"normalizer",
       {{"type", "BertNormalizer"},
        {"clean_text", true},
        {"handle_chinese_chars", true},
        {"strip_accents", nullptr},
        {"lowercase", true}}},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"post_processor",
       {{"type", "TemplateProcessing"},
        {"single", {cls, a, sep}},
        {"pair", {cls, a, sep, SequencePiece("B"), sep}},
        {"special_tokens",
         {{"[CLS]", {{"id", "[CLS]"}, {"ids", {1}}, {"tokens", {"[CLS]"}}}},
          {"[SEP]", {{"id", "[SEP]"}, {"ids", {2}}, {"tokens", {"[SEP]"}}}}}}}},
      {"decoder", {{"type", "WordPiece"}}},
      {"model",
       {{"type", "WordPiece"},
        {"unk_token", "[UNK]"},
        {"continuing_subword_prefix", "##"},
        {"max_input_chars_per_word", 100},
        {"vocab", {{"[UNK]", 0}, {"[CLS]", 1}, {"[SEP]", 2}, {"abc", 3}, {"##d", 4}, {"e", 5}}}}}};
}

absl::StatusOr<Tokenizer> Assembled(const TokenizerTexts& texts) {
  const auto description = AssembleTokenizer(texts);
  if (!description.ok()) return description.status();
  return Tokenizer::Create(*description);
}

// As it is, whatever BertTokenizer would make of it.
absl::StatusOr<Tokenizer> FromJson(const std::string& text) {
  return Assembled({.tokenizer_json = text,
                    .tokenizer_config = R"({"tokenizer_class": "PreTrainedTokenizerFast"})"});
}

absl::StatusOr<Tokenizer> FromVocab(const std::string& vocab, const std::string& config = "{}") {
  return Assembled({.vocab_txt = vocab, .tokenizer_config = config});
}

std::vector<int32_t> IdsOf(const Tokenizer& tokenizer, const std::string& text) {
  return tokenizer.Encode({.text = text, .text_pair = {}}, 100, Truncation::kError)->input_ids;
}

// --- tokenizer.json ---

struct BadJson {
  const char* name;
  std::function<void(Json&)> damage;
  std::string message;
};

void PrintTo(const BadJson& bad, std::ostream* out) { *out << bad.name; }

class BadTokenizerJsonTest : public testing::TestWithParam<BadJson> {};

TEST_P(BadTokenizerJsonTest, IsRefusedAtOnceWithItsReason) {
  Json document = ValidTokenizerJson();
  GetParam().damage(document);
  const std::string text = document.dump();
  const std::clock_t begin = std::clock();
  const absl::Status status = FromJson(text).status();
  EXPECT_LT(std::clock() - begin, kLongestRefusal);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()), "tokenizer.json: " + GetParam().message);
}

std::function<void(Json&)> Set(const std::string& pointer, const Json& value) {
  return [=](Json& document) { document[Json::json_pointer(pointer)] = value; };
}

std::function<void(Json&)> Erase(const std::string& pointer, const std::string& name) {
  return [=](Json& document) { document[Json::json_pointer(pointer)].erase(name); };
}

INSTANTIATE_TEST_SUITE_P(
    Json, BadTokenizerJsonTest,
    testing::Values(
        BadJson{"NotAnObject", [](Json& document) { document = Json::array(); },
                "expected an object, found an array"},
        BadJson{"Unigram", Set("/model/type", "Unigram"),
                "\"model.type\": expected \"WordPiece\" or \"BPE\", found \"Unigram\""},
        BadJson{"NoUnkToken", Erase("/model", "unk_token"),
                "\"model.unk_token\": expected a string, found nothing"},
        BadJson{"PrefixIsANumber", Set("/model/continuing_subword_prefix", 7),
                "\"model.continuing_subword_prefix\": expected a string, found 7"},
        BadJson{"NegativeLongestWord", Set("/model/max_input_chars_per_word", -1),
                "\"model.max_input_chars_per_word\": expected a whole number from 0 to 1000000000, "
                "found -1"},
        BadJson{"VocabIsAnArray", Set("/model/vocab", Json::array({"a"})),
                "\"model.vocab\": expected an object, found an array"},
        BadJson{"IdIsAFraction", Set("/model/vocab/abc", 1.5),
                "\"model.vocab.abc\": expected a whole number from 0 to 1000000, found 1.5"},
        BadJson{"IdIsHuge", Set("/model/vocab/abc", 4294967296),
                "\"model.vocab.abc\": expected a whole number from 0 to 1000000, found 4294967296"},
        BadJson{"IdTwice", Set("/model/vocab/abc", 4),
                "expected every id once, found 4 for \"##d\" and for \"abc\""},
        BadJson{"NoUnknownInVocab", Erase("/model/vocab", "[UNK]"),
                "expected the unk_token \"[UNK]\" in the vocabulary, found nothing"},
        BadJson{
            "OtherNormalizer", Set("/normalizer", {{"type", "NFC"}}),
            "\"normalizer.type\": expected BertNormalizer, Lowercase, NFD, StripAccents, Strip, "
            "Replace or a Sequence of them, found \"NFC\""},
        BadJson{"SequenceOfAnother",
                Set("/normalizer",
                    {{"type", "Sequence"}, {"normalizers", Json::array({{{"type", "Nmt"}}})}}),
                "\"normalizer.normalizers[0].type\": expected BertNormalizer, Lowercase, NFD, "
                "StripAccents, Strip, Replace or a Sequence of them, found \"Nmt\""},
        BadJson{"SequenceIsAnObject",
                Set("/normalizer", {{"type", "Sequence"}, {"normalizers", Json::object()}}),
                "\"normalizer.normalizers\": expected an array, found an object"},
        BadJson{"ReplaceByARegex",
                Set("/normalizer", Json::parse(R"({"type": "Replace", "pattern": {"Regex": "a+"},
                                                   "content": ""})")),
                "\"normalizer.pattern\": expected a \"String\" (regular expressions are not "
                "supported), found an object"},
        BadJson{"ReplaceNothing",
                Set("/normalizer", Json::parse(R"({"type": "Replace", "pattern": {"String": ""},
                                                   "content": "a"})")),
                "\"normalizer.pattern.String\": expected a string that is not empty, found \"\""},
        BadJson{"ReplaceByMuch",
                Set("/normalizer", Json::parse(R"({"type": "Replace", "pattern": {"String": "a"},
                                                   "content": "aaaaaaaaaaaaaaaaa"})")),
                "\"normalizer\": expected replacements that make a text at most 16 times longer, "
                "found an object"},
        BadJson{"LowercaseIsAWord", Set("/normalizer/lowercase", "yes"),
                "\"normalizer.lowercase\": expected true or false, found \"yes\""},
        BadJson{"StripAccentsIsANumber", Set("/normalizer/strip_accents", 1),
                "\"normalizer.strip_accents\": expected true or false, found 1"},
        BadJson{"OtherPreTokenizer", Set("/pre_tokenizer/type", "ByteLevel"),
                "\"pre_tokenizer.type\": expected \"BertPreTokenizer\", found \"ByteLevel\""},
        BadJson{
            "NoPostProcessor", Set("/post_processor", nullptr),
            "\"post_processor\": expected one that adds special tokens, as "
            "\"TemplateProcessing\" or \"RobertaProcessing\", found nothing: transformers would "
            "add no [CLS] for this tokenizer_class; \"BertTokenizer\" in tokenizer_config.json "
            "adds one"},
        BadJson{"OtherPostProcessor", Set("/post_processor/type", "Whitespace"),
                "\"post_processor.type\": expected \"TemplateProcessing\", \"BertProcessing\", "
                "\"RobertaProcessing\", \"ByteLevel\" or a \"Sequence\" of them, found "
                "\"Whitespace\""},
        BadJson{"SepFirst", Set("/post_processor/single/0/SpecialToken", Json::object()),
                "\"post_processor.single\": expected special tokens around A, as [CLS] A [SEP], "
                "found an array"},
        BadJson{"NoCls", Set("/post_processor/single", {SequencePiece("A"), SpecialPiece("[SEP]")}),
                "\"post_processor.single\": expected special tokens around A, as [CLS] A [SEP], "
                "found an array"},
        BadJson{"PairOfThree", Set("/post_processor/pair/4", SequencePiece("B")),
                "\"post_processor.pair\": expected special tokens around A and B, as [CLS] A [SEP] "
                "B [SEP], found an array"},
        BadJson{"SpecialTokenOfTwoIds", Set("/post_processor/special_tokens/[SEP]/ids", {2, 2}),
                "\"post_processor.special_tokens.[SEP].ids\": expected an array of one id, found "
                "an array"},
        BadJson{"SpecialTokenOfAnotherId", Set("/post_processor/special_tokens/[SEP]/ids/0", 3),
                "expected id 2 for the special token \"[SEP]\", found 3"},
        BadJson{"AddedTokensAreAnObject", Set("/added_tokens", Json::object()),
                "\"added_tokens\": expected an array, found an object"},
        BadJson{"AddedTokenWithoutContent", Erase("/added_tokens/1", "content"),
                "\"added_tokens[1].content\": expected a string, found nothing"},
        BadJson{"AddedTokenIsHuge", Set("/added_tokens/1/content", std::string(1025, 'a')),
                "expected tokens of at most 1024 bytes, found \"" + std::string(100, 'a') +
                    "\u2026\" of 1025"},
        BadJson{"PieceIsHuge", Set("/model/vocab/##" + std::string(60 << 10, 'a'), 6),
                "expected tokens of at most 1024 bytes, found \"##" + std::string(98, 'a') +
                    "\u2026\" of 61442"},
        BadJson{"AddedTokenWithoutSpecial", Erase("/added_tokens/1", "special"),
                "\"added_tokens[1].special\": expected true or false, found nothing"}),
    [](const auto& info) { return info.param.name; });

TEST(TokenizerJsonTest, InvalidJsonIsRefusedWithItsPosition) {
  const std::string whole = ValidTokenizerJson().dump();
  EXPECT_THAT(std::string(FromJson(whole.substr(0, 100)).status().message()),
              HasSubstr("tokenizer.json: not JSON at byte 101"));
  EXPECT_FALSE(FromJson("").ok());
  EXPECT_THAT(std::string(FromJson(std::string(100'000, '[')).status().message()),
              HasSubstr("nested deeper"));
  EXPECT_EQ(std::string(FromJson("[]").status().message()),
            "tokenizer.json: expected an object, found an array");
}

TEST(TokenizerJsonTest, ReadsAValidFileAndIgnoresItsTruncationAndPadding) {
  const auto tokenizer = FromJson(ValidTokenizerJson().dump());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_EQ(IdsOf(*tokenizer, "ABCD \u00e9 abc"), (std::vector<int32_t>{1, 3, 4, 5, 3, 2}));
}

TEST(TokenizerJsonTest, StripsAccentsIfItLowercasesUnlessToldOtherwise) {
  Json document = ValidTokenizerJson();
  document["normalizer"]["lowercase"] = false;
  EXPECT_EQ(IdsOf(*FromJson(document.dump()), "\u00e9"), (std::vector<int32_t>{1, 0, 2}));
  document["normalizer"]["strip_accents"] = true;
  EXPECT_EQ(IdsOf(*FromJson(document.dump()), "\u00e9"), (std::vector<int32_t>{1, 5, 2}));
}

TEST(TokenizerJsonTest, AModelWithoutATypeIsWordPieceByItsFields) {
  Json document = ValidTokenizerJson();
  document["model"].erase("type");
  EXPECT_TRUE(FromJson(document.dump()).ok());
}

TEST(TokenizerJsonTest, AnotherIdThanTheReferenceGivesDoesNotCount) {
  Json document = ValidTokenizerJson();
  document["added_tokens"][1]["id"] = 0;
  const auto tokenizer = FromJson(document.dump());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_EQ(IdsOf(*tokenizer, "[SEP]"), (std::vector<int32_t>{1, 2, 2}));
  EXPECT_THAT(
      tokenizer->warnings(),
      testing::ElementsAre("the added token \"[SEP]\" is declared with the id 0, and has 2, "
                           "as in transformers"));
}

TEST(TokenizerJsonTest, WithoutANormalizerTextsStayAsTheyAre) {
  Json document = ValidTokenizerJson();
  document["normalizer"] = nullptr;
  EXPECT_EQ(IdsOf(*FromJson(document.dump()), "abc ABC"), (std::vector<int32_t>{1, 3, 0, 2}));
}

TEST(TokenizerJsonTest, TakesNormalizersInTheirOrder) {
  Json document = ValidTokenizerJson();
  document["normalizer"] = Json::parse(R"({"type": "Sequence", "normalizers": [
      {"type": "NFD"}, {"type": "Lowercase"}, {"type": "StripAccents"}]})");
  EXPECT_EQ(IdsOf(*FromJson(document.dump()), "\u00c9 ABC"), (std::vector<int32_t>{1, 5, 3, 2}));
}

TEST(TokenizerJsonTest, BertProcessingSaysTheSame) {
  Json document = ValidTokenizerJson();
  document["post_processor"] = {
      {"type", "BertProcessing"}, {"sep", {"[SEP]", 2}}, {"cls", {"[CLS]", 1}}};
  const auto tokenizer = FromJson(document.dump());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_EQ(IdsOf(*tokenizer, "abc"), (std::vector<int32_t>{1, 3, 2}));
}

// --- vocab.txt ---

TEST(VocabTxtTest, ALinesNumberIsItsTokensId) {
  const auto tokenizer = FromVocab(kVocab);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_EQ(IdsOf(*tokenizer, "abcd"), (std::vector<int32_t>{2, 5, 6, 3}));
  EXPECT_EQ(tokenizer->vocab_size(), 10);
}

TEST(VocabTxtTest, TrailingWhiteSpaceBelongsToNoToken) {
  std::string vocab;
  for (const char byte : std::string(kVocab)) {
    vocab += byte == '\n' ? " \t\u00a0\r\n" : std::string(1, byte);
  }
  EXPECT_EQ(IdsOf(*FromVocab(vocab), "abcd"), (std::vector<int32_t>{2, 5, 6, 3}));
}

TEST(VocabTxtTest, TheLastLineNeedsNoEnd) {
  EXPECT_EQ(FromVocab(std::string(kVocab) + "f")->vocab_size(), 11);
}

TEST(VocabTxtTest, TheLastOfEqualLinesCounts) {
  const auto tokenizer = FromVocab(std::string(kVocab) + "abc\n\n");
  EXPECT_EQ(IdsOf(*tokenizer, "abc"), (std::vector<int32_t>{2, 10, 3}));
}

TEST(VocabTxtTest, EmptyLinesAtTheEndAddNoTokens) {
  const auto tokenizer = FromVocab(std::string(kVocab) + "\n \n");
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_EQ(tokenizer->vocab_size(), 10);
}

TEST(VocabTxtTest, ANamedTokenThatNoLineHasIsNew) {
  const auto tokenizer = FromVocab(kVocab, R"({"cls_token": "<s>"})");
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_EQ(IdsOf(*tokenizer, "abc<s>"), (std::vector<int32_t>{10, 5, 10, 3}));
}

TEST(VocabTxtTest, CutsOutTheSpecialTokensThatItHas) {
  EXPECT_EQ(IdsOf(*FromVocab(kVocab), "[MASK]abc[PAD]"), (std::vector<int32_t>{2, 4, 5, 0, 3}));
  EXPECT_TRUE(FromVocab("[UNK]\n[CLS]\n[SEP]\n").ok());
}

TEST(VocabTxtTest, TheConfigDecidesWhatIsNormalized) {
  EXPECT_EQ(IdsOf(*FromVocab(kVocab), "\u00c9"), (std::vector<int32_t>{2, 8, 3}));
  EXPECT_EQ(IdsOf(*FromVocab(kVocab, R"({"strip_accents": false})"), "\u00c9"),
            (std::vector<int32_t>{2, 7, 3}));
  const char kCased[] = R"({"do_lower_case": false, "strip_accents": null})";
  EXPECT_EQ(IdsOf(*FromVocab(kVocab, kCased), "E\u00e9"), (std::vector<int32_t>{2, 1, 3}));
  EXPECT_EQ(IdsOf(*FromVocab(kVocab, kCased), "E \u00e9"), (std::vector<int32_t>{2, 9, 7, 3}));
  EXPECT_EQ(IdsOf(*FromVocab(kVocab), "\u6f22\u6f22"), (std::vector<int32_t>{2, 1, 1, 3}));
  EXPECT_EQ(IdsOf(*FromVocab(kVocab, R"({"tokenize_chinese_chars": false})"), "\u6f22\u6f22"),
            (std::vector<int32_t>{2, 1, 3}));
}

TEST(VocabTxtTest, TheConfigMayNameSpecialTokensOtherwise) {
  const auto tokenizer =
      FromVocab("<u>\n<s>\n</s>\na\n",
                R"({"unk_token": {"content": "<u>"}, "cls_token": "<s>", "sep_token": "</s>"})");
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_EQ(IdsOf(*tokenizer, "a b"), (std::vector<int32_t>{1, 3, 0, 2}));
}

TEST(VocabTxtTest, TwoRolesMayShareAToken) {
  const auto tokenizer = FromVocab(kVocab, R"({"cls_token": "[SEP]"})");
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_EQ(IdsOf(*tokenizer, "[SEP]"), (std::vector<int32_t>{3, 3, 3}));
}

struct BadVocab {
  const char* name;
  std::string vocab;
  std::string config;
  std::string message;
};

void PrintTo(const BadVocab& bad, std::ostream* out) { *out << bad.name; }

class BadVocabTxtTest : public testing::TestWithParam<BadVocab> {};

TEST_P(BadVocabTxtTest, IsRefusedAtOnceWithItsReason) {
  const std::clock_t begin = std::clock();
  const absl::Status status = FromVocab(GetParam().vocab, GetParam().config).status();
  EXPECT_LT(std::clock() - begin, kLongestRefusal);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Vocab, BadVocabTxtTest,
    testing::Values(
        BadVocab{"Empty", "", "{}",
                 "vocab.txt: expected the unk_token \"[UNK]\" in the vocabulary, found nothing"},
        BadVocab{"EmptyName", std::string(kVocab) + "\n", R"({"cls_token": ""})",
                 "vocab.txt: expected the cls_token \"\" in the vocabulary, found nothing"},
        BadVocab{"NoSeparator", "[UNK]\n[CLS]\n", "{}",
                 "vocab.txt: expected the sep_token \"[SEP]\" in the vocabulary, found nothing"},
        BadVocab{"NotUtf8", std::string(kVocab) + "\xE9\n", "{}",
                 "vocab.txt: not UTF-8 at byte 46"},
        BadVocab{"TooManyLines", std::string(1'000'001, '\n'), "{}",
                 "vocab.txt: expected at most 1000000 lines, found more"},
        BadVocab{"ConfigIsAnArray", kVocab, "[]",
                 "tokenizer_config.json: expected an object, found an array"},
        BadVocab{"LowerCaseIsAWord", kVocab, R"({"do_lower_case": "no"})",
                 "tokenizer_config.json: \"do_lower_case\": expected true or false, found \"no\""},
        BadVocab{"AnotherClass", kVocab, R"({"tokenizer_class": "BertJapaneseTokenizer"})",
                 "tokenizer_config.json: \"tokenizer_class\": expected BertTokenizer or "
                 "DistilBertTokenizer beside vocab.txt, found \"BertJapaneseTokenizer\""},
        BadVocab{"NameIsANumber", kVocab, R"({"cls_token": 101})",
                 "tokenizer_config.json: \"cls_token\": expected a token: a string, or an object "
                 "with a \"content\", found 101"},
        BadVocab{"NoCls", kVocab, R"({"cls_token": null})",
                 "vocab.txt: expected a cls_token, found null in tokenizer_config.json or "
                 "special_tokens_map.json"},
        BadVocab{"OtherUnkIsNotThere", kVocab, R"({"unk_token": "<u>"})",
                 "vocab.txt: expected the unk_token \"<u>\" in the vocabulary, found nothing"},
        BadVocab{"LineIsHuge", std::string(kVocab) + std::string(1 << 20, 'a'), "{}",
                 "vocab.txt: line 11: expected at most 1024 bytes, found 1048576"}),
    [](const auto& info) { return info.param.name; });

// --- a directory ---

class TokenizerDirectoryTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(directory_); }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ + "/" + name) << text;
  }

  const std::string directory_ = testing::TempDir() + "tokenizer_" +
                                 testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(TokenizerDirectoryTest, TokenizerJsonGoesBeforeVocabTxt) {
  Write("vocab.txt", kVocab);
  EXPECT_EQ(LoadTokenizer(directory_)->vocab_size(), 10);
  Write("tokenizer.json", ValidTokenizerJson().dump());
  EXPECT_EQ(LoadTokenizer(directory_)->vocab_size(), 6);
}

TEST_F(TokenizerDirectoryTest, TokenizerConfigGoesWithVocabTxt) {
  Write("vocab.txt", kVocab);
  Write("tokenizer_config.json", R"({"do_lower_case": false})");
  EXPECT_EQ(IdsOf(*LoadTokenizer(directory_), "E"), (std::vector<int32_t>{2, 9, 3}));
}

struct MaxLength {
  const char* name;
  std::string config;
  std::optional<size_t> expected;
};

void PrintTo(const MaxLength& length, std::ostream* out) { *out << length.name; }

class MaxLengthTest : public TokenizerDirectoryTest,
                      public testing::WithParamInterface<MaxLength> {};

TEST_P(MaxLengthTest, IsTheConfigsBesideEitherFile) {
  Write("tokenizer_config.json", GetParam().config);
  Write("vocab.txt", kVocab);
  EXPECT_EQ(LoadTokenizer(directory_)->model_max_length(), GetParam().expected);
  Write("tokenizer.json", ValidTokenizerJson().dump());
  EXPECT_EQ(LoadTokenizer(directory_)->model_max_length(), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Config, MaxLengthTest,
    testing::Values(MaxLength{"Stated", R"({"model_max_length": 16})", 16},
                    MaxLength{"Absent", "{}", std::nullopt},
                    MaxLength{"Null", R"({"model_max_length": null})", std::nullopt},
                    MaxLength{"VeryLarge",
                              R"({"model_max_length": 1000000000000000019884624838656})",
                              std::nullopt},
                    MaxLength{"FormerName", R"({"max_len": 16})", 16},
                    MaxLength{"BothNames", R"({"max_len": 16, "model_max_length": 9})", 9},
                    MaxLength{"NullAndFormerName", R"({"max_len": 16, "model_max_length": null})",
                              std::nullopt}),
    [](const auto& info) { return info.param.name; });

TEST_F(TokenizerDirectoryTest, AMaxLengthThatIsNoLengthIsRefusedByName) {
  Write("vocab.txt", kVocab);
  for (const std::string length : {"\"512\"", "512.0", "-1", "2", "true"}) {
    Write("tokenizer_config.json", R"({"model_max_length": )" + length + "}");
    EXPECT_EQ(std::string(LoadTokenizer(directory_).status().message()),
              directory_ +
                  "/tokenizer_config.json: \"model_max_length\": expected a whole number " +
                  "of at least 3, found " + length);
  }
}

TEST_F(TokenizerDirectoryTest, WithoutEitherFileNothingIsFound) {
  const absl::Status status = LoadTokenizer(directory_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), directory_ +
                                  ": expected tokenizer.json, or vocab.txt, or vocab.json "
                                  "and merges.txt, found none");
}

TEST_F(TokenizerDirectoryTest, AMalformedTokenizerJsonIsNotPassedOver) {
  Write("vocab.txt", kVocab);
  Write("tokenizer.json", "{");
  EXPECT_THAT(std::string(LoadTokenizer(directory_).status().message()),
              HasSubstr(directory_ + "/tokenizer.json: not JSON"));
}

}  // namespace
}  // namespace verdict
