#include "engine/tokenizer/files/tokenizer_assembly.h"

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "engine/tokenizer/tokenizer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Lines 0 to 9.
constexpr char kVocab[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nfilm\ngood\nus\nUS\n[\n";

// The same vocabulary in a tokenizer.json that keeps capitals and has no added tokens.
constexpr char kCasedJson[] = R"({
  "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                 "strip_accents": null, "lowercase": false},
  "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": null, "added_tokens": [],
  "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "film": 5,
                      "good": 6, "us": 7, "US": 8, "[": 9}}})";

absl::StatusOr<Tokenizer> Assembled(const TokenizerTexts& texts) {
  const auto description = AssembleTokenizer(texts);
  if (!description.ok()) return description.status();
  return Tokenizer::Create(*description);
}

// Without those that are added at both ends.
std::vector<int32_t> IdsOf(const TokenizerTexts& texts, const std::string& text) {
  const auto tokenizer = Assembled(texts);
  if (!tokenizer.ok()) {
    ADD_FAILURE() << tokenizer.status();
    return {};
  }
  std::vector<int32_t> ids;
  for (const Token& token : tokenizer->Tokenize({.text = text, .text_pair = {}}, false)) {
    ids.push_back(token.id);
  }
  return ids;
}

std::vector<std::string> WarningsOf(const TokenizerTexts& texts) {
  const auto tokenizer = Assembled(texts);
  if (!tokenizer.ok()) return {std::string(tokenizer.status().message())};
  return tokenizer->warnings();
}

// --- all files count ---

TEST(TokenizerAssemblyTest, AddedTokensJsonAddsToVocabTxt) {
  const TokenizerTexts texts = {
      .vocab_txt = kVocab,
      .special_tokens_map = R"({"additional_special_tokens": ["[NEG]"], "cls_token": "[CLS]"})",
      .added_tokens = R"({"[NEG]": 10})"};
  EXPECT_THAT(IdsOf(texts, "film good [NEG]"), ElementsAre(5, 6, 10));
  // It is not special in the reference's eyes, so it is looked for in lowercase.
  EXPECT_THAT(IdsOf(texts, "film[neg]"), ElementsAre(5, 10));
  EXPECT_THAT(WarningsOf(texts), IsEmpty());
}

TEST(TokenizerAssemblyTest, AddedTokensJsonAddsToATokenizerJsonThatLacksThem) {
  EXPECT_THAT(IdsOf({.tokenizer_json = kCasedJson, .added_tokens = R"({"[NEG]": 10})"}, "US [NEG]"),
              ElementsAre(8, 10));
}

TEST(TokenizerAssemblyTest, ExtraSpecialTokensAreAddedUnderAllTheirNames) {
  for (const std::string config :
       {R"({"extra_special_tokens": ["[NEG]"]})",
        R"({"extra_special_tokens": {"neg_token": "[NEG]"}})",
        R"({"additional_special_tokens": ["[NEG]"]})", R"({"neg_token": "[NEG]"})"}) {
    EXPECT_THAT(IdsOf({.vocab_txt = kVocab, .tokenizer_config = config}, "film [NEG] [neg]"),
                ElementsAre(5, 10, 9, 1, 1))
        << config;
  }
  EXPECT_THAT(
      IdsOf({.vocab_txt = kVocab, .special_tokens_map = R"({"extra_special_tokens": ["[NEG]"]})"},
            "film [NEG]"),
      ElementsAre(5, 10));
}

TEST(TokenizerAssemblyTest, NewTokensGetTheirIdsInTheFilesOrder) {
  EXPECT_THAT(
      IdsOf({.vocab_txt = kVocab, .tokenizer_config = R"({"z_token": "zz", "a_token": "aa"})"},
            "aa zz"),
      ElementsAre(11, 10));
}

TEST(TokenizerAssemblyTest, FlagsCount) {
  const auto config = [](const std::string& flags) {
    return R"({"added_tokens_decoder": {"10": {"content": "NEG", )" + flags + "}}}";
  };
  const auto ids = [&](const std::string& flags, const std::string& text) {
    return IdsOf({.vocab_txt = kVocab, .tokenizer_config = config(flags)}, text);
  };
  EXPECT_THAT(ids(R"("normalized": false)", "filmNEG neg"), ElementsAre(5, 10, 1));
  EXPECT_THAT(ids(R"("normalized": true)", "filmNEG neg"), ElementsAre(5, 10, 10));
  EXPECT_THAT(ids(R"("special": true)", "neg"), ElementsAre(1));
  EXPECT_THAT(ids(R"("single_word": true)", "filmNEG NEG"), ElementsAre(1, 10));
  const auto tokenizer =
      Assembled({.vocab_txt = kVocab, .tokenizer_config = config(R"("lstrip": true)")});
  const auto tokens = tokenizer->Tokenize({.text = "film  NEG", .text_pair = {}}, false);
  EXPECT_EQ(tokens.at(1).begin, 4u);
}

TEST(TokenizerAssemblyTest, SpecialTokensMayBeRenamed) {
  const TokenizerTexts texts = {
      .vocab_txt = "<pad>\n<unk>\n<s>\n</s>\nfilm\n",
      .tokenizer_config = R"({"cls_token": "[CLS]"})",
      .special_tokens_map =
          R"({"unk_token": "<unk>", "cls_token": {"content": "<s>"}, "sep_token": "</s>"})"};
  const auto tokenizer = Assembled(texts);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_THAT(tokenizer->Encode({.text = "film x</s>", .text_pair = {}}, 100, Truncation::kError)
                  ->input_ids,
              ElementsAre(2, 4, 1, 3, 3));
}

TEST(TokenizerAssemblyTest, SplitSpecialTokensLeavesThemToTheWords) {
  EXPECT_THAT(IdsOf({.vocab_txt = kVocab, .tokenizer_config = R"({"split_special_tokens": true})"},
                    "[CLS]"),
              ElementsAre(9, 1, 1));
}

TEST(TokenizerAssemblyTest, ANameThatNoFileStatesGetsNoId) {
  const auto tokenizer = Assembled({.vocab_txt = "[UNK]\n[CLS]\n[SEP]\nfilm\n"});
  EXPECT_EQ(tokenizer->vocab_size(), 4);
}

TEST(TokenizerAssemblyTest, AnIdThatTheReferenceWouldNotGiveIsNamed) {
  EXPECT_THAT(WarningsOf({.vocab_txt = kVocab, .added_tokens = R"({"[NEG]": 12})"}),
              ElementsAre("the added token \"[NEG]\" is declared with the id 12, and has 10, as in "
                          "transformers"));
}

TEST(TokenizerAssemblyTest, WhatAddedTokensDecoderMakesVoidIsNamed) {
  const std::string config = R"({"added_tokens_decoder": {"10": {"content": "[NEG]"}}})";
  EXPECT_THAT(WarningsOf({.vocab_txt = kVocab,
                          .tokenizer_config = config,
                          .special_tokens_map = R"({"cls_token": "[CLS]", "x_token": "[NEG]"})",
                          .added_tokens = R"({"[NEG]": 10})"}),
              IsEmpty());
  EXPECT_THAT(WarningsOf({.vocab_txt = kVocab,
                          .tokenizer_config = config,
                          .special_tokens_map = R"({"cls_token": "<s>"})",
                          .added_tokens = R"({"[POS]": 10})"}),
              ElementsAre(HasSubstr("special_tokens_map.json is ignored"),
                          HasSubstr("added_tokens.json is ignored")));
}

// --- files that contradict each other ---

TEST(TokenizerAssemblyTest, WhatTokenizerConfigStatesWinsWithAWarning) {
  const TokenizerTexts texts = {.tokenizer_json = kCasedJson,
                                .tokenizer_config = R"({"do_lower_case": true})"};
  EXPECT_THAT(IdsOf(texts, "US"), ElementsAre(7));
  EXPECT_THAT(
      WarningsOf(texts),
      ElementsAre("tokenizer_config.json says do_lower_case true, tokenizer.json says "
                  "lowercase false: tokenizer_config.json is followed, as by transformers"));
}

TEST(TokenizerAssemblyTest, WhatItIsSilentOfTokenizerJsonDecidesWithAWarning) {
  const TokenizerTexts texts = {.tokenizer_json = kCasedJson};
  EXPECT_THAT(IdsOf(texts, "US"), ElementsAre(8));
  EXPECT_THAT(WarningsOf(texts),
              ElementsAre("tokenizer.json says lowercase false, tokenizer_config.json says nothing "
                          "of do_lower_case: tokenizer.json is followed; transformers 5 would take "
                          "true"));
  EXPECT_THAT(
      WarningsOf({.tokenizer_json = kCasedJson, .tokenizer_config = R"({"do_lower_case": false})"}),
      IsEmpty());
}

TEST(TokenizerAssemblyTest, TheClassOfAFileTakesTokenizerJsonAsItIs) {
  std::string json = kCasedJson;
  const std::string none = R"("post_processor": null)";
  json.replace(json.find(none), none.size(),
               R"("post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 2],
                                     "sep": ["[SEP]", 3]})");
  for (const std::string name : {"PreTrainedTokenizerFast", "TokenizersBackend"}) {
    const TokenizerTexts texts = {
        .tokenizer_json = json,
        .tokenizer_config = R"({"do_lower_case": true, "tokenizer_class": ")" + name + "\"}"};
    EXPECT_THAT(IdsOf(texts, "US [CLS]"), ElementsAre(8, 9, 1, 1)) << name;
    EXPECT_THAT(WarningsOf(texts), ElementsAre(HasSubstr("tokenizer.json is followed"))) << name;
  }
  const TokenizerTexts by_model = {
      .tokenizer_json = json, .model_config = R"({"tokenizer_class": "PreTrainedTokenizerFast"})"};
  EXPECT_THAT(IdsOf(by_model, "[CLS]"), ElementsAre(9, 1, 1));
  const TokenizerTexts unknown = {.tokenizer_json = json,
                                  .tokenizer_config = R"({"tokenizer_class": "MyTokenizer"})"};
  EXPECT_THAT(WarningsOf(unknown), ElementsAre(HasSubstr("\"MyTokenizer\", which is not known")));
}

TEST(TokenizerAssemblyTest, WithoutAPostProcessorBertFramesTexts) {
  const auto tokenizer = Assembled({.tokenizer_json = kCasedJson});
  EXPECT_THAT(
      tokenizer->Encode({.text = "film", .text_pair = {}}, 9, Truncation::kError)->input_ids,
      ElementsAre(2, 5, 3));
}

// --- malformed files ---

struct BadTexts {
  const char* name;
  TokenizerTexts texts;
  std::string message;
};

void PrintTo(const BadTexts& bad, std::ostream* out) { *out << bad.name; }

class BadTokenizerTextsTest : public testing::TestWithParam<BadTexts> {};

TEST_P(BadTokenizerTextsTest, AreRefusedByName) {
  TokenizerTexts texts = GetParam().texts;
  texts.vocab_txt = kVocab;
  const absl::Status status = Assembled(texts).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().message));
}

BadTexts BadConfig(const char* name, const std::string& text, const std::string& message) {
  return {name, {.tokenizer_config = text}, "tokenizer_config.json: " + message};
}

BadTexts BadMap(const char* name, const std::string& text, const std::string& message) {
  return {name, {.special_tokens_map = text}, "special_tokens_map.json: " + message};
}

BadTexts BadAdded(const char* name, const std::string& text, const std::string& message) {
  return {name, {.added_tokens = text}, "added_tokens.json: " + message};
}

INSTANTIATE_TEST_SUITE_P(
    Files, BadTokenizerTextsTest,
    testing::Values(
        BadConfig("DecoderIsNull", R"({"added_tokens_decoder": null})",
                  "\"added_tokens_decoder\": expected an object, found nothing"),
        BadConfig("DecoderOfAWord", R"({"added_tokens_decoder": {"ten": {"content": "x"}}})",
                  "\"added_tokens_decoder.ten\": expected an id from 0 to 1000000 as its name"),
        BadConfig("DecoderOfAHugeId",
                  R"({"added_tokens_decoder": {"4294967296": {"content": "x"}}})",
                  "\"added_tokens_decoder.4294967296\": expected an id from 0 to 1000000"),
        BadConfig(
            "DecoderOfStrings", R"({"added_tokens_decoder": {"10": "x"}})",
            "\"added_tokens_decoder.10\": expected an object with a \"content\", found \"x\""),
        BadConfig("TokenWithoutContent", R"({"added_tokens_decoder": {"10": {}}})",
                  "\"added_tokens_decoder.10.content\": expected a string, found nothing"),
        BadConfig("FlagIsANumber", R"({"cls_token": {"content": "[CLS]", "lstrip": 1}})",
                  "\"cls_token.lstrip\": expected true or false, found 1"),
        BadConfig(
            "ExtraIsAString", R"({"extra_special_tokens": "x"})",
            "\"extra_special_tokens\": expected an array or an object of tokens, found \"x\""),
        BadConfig("ExtraOfNumbers", R"({"extra_special_tokens": [7]})",
                  "\"extra_special_tokens[0]\": expected a token: a string, or an object with a "
                  "\"content\", found 7"),
        BadConfig("LowerCaseIsNull", R"({"do_lower_case": null})",
                  "\"do_lower_case\": expected true or false, found nothing"),
        BadConfig("ClassIsANumber", R"({"tokenizer_class": 3})",
                  "\"tokenizer_class\": expected a string, found 3"),
        BadConfig("Positional", R"({"init_inputs": ["a"]})",
                  "\"init_inputs\": expected no positional arguments, found an array"),
        BadConfig("FilesByVersion", R"({"fast_tokenizer_files": ["tokenizer.4.0.0.json"]})",
                  "\"fast_tokenizer_files\": expected tokenizer.json alone"),
        BadConfig("NameTwice", R"({"cls_token": "a", "cls_token": "b"})",
                  "the name \"cls_token\" is twice in one object"),
        BadMap("MapIsAnArray", "[]", "expected an object, found an array"),
        BadMap("MapIsNotJson", "{", "not JSON at byte"),
        BadMap("MapIsNotUtf8", "{\"cls_token\": \"\xE9\"}", "not JSON at byte"),
        BadMap("MapOfAnotherName", R"({"do_lower_case": true})",
               "\"do_lower_case\": expected no such name, but those of special tokens, e.g. "
               "\"cls_token\", found true"),
        BadMap(
            "MapRoleIsANumber", R"({"sep_token": 5})",
            "\"sep_token\": expected a token: a string, or an object with a \"content\", found 5"),
        BadMap("MapNameTwice", R"({"sep_token": "a", "sep_token": "b"})",
               "the name \"sep_token\" is twice in one object"),
        BadMap("MapExtraIsANumber", R"({"additional_special_tokens": 5})",
               "\"additional_special_tokens\": expected an array or an object of tokens, found 5"),
        BadAdded("AddedAreAnArray", R"(["x"])", "expected an object, found an array"),
        BadAdded("AddedAreNotJson", "x", "not JSON at byte"),
        BadAdded("AddedAreNotUtf8", "{\"\xE9\": 10}", "not JSON at byte"),
        BadAdded("AddedIdIsAString", R"({"x": "10"})",
                 "\"x\": expected a whole number from 0 to 1000000, found \"10\""),
        BadAdded("AddedIdIsNegative", R"({"x": -1})",
                 "\"x\": expected a whole number from 0 to 1000000, found -1"),
        BadAdded("AddedIdIsHuge", R"({"x": 1000001})",
                 "\"x\": expected a whole number from 0 to 1000000, found 1000001"),
        BadAdded("AddedIdTwice", R"({"x": 10, "y": 10})",
                 "expected every id once, found 10 for \"x\" and for \"y\""),
        BadAdded("AddedNameTwice", R"({"x": 10, "x": 11})", "the name \"x\" is twice"),
        BadTexts{"AddedTokenIsHuge",
                 {.added_tokens = "{\"" + std::string(65536, 'a') + "\": 10}"},
                 "vocab.txt: expected tokens of at most 1024 bytes, found \"aaaa"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace verdict
