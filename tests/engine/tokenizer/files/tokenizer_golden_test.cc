// The tokenizer against the reference, text by text: tests/golden/tokenizer/make_goldens.py.
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/files/file.h"
#include "engine/tokenizer/files/tokenizer_assembly.h"
#include "engine/tokenizer/tokenizer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fixtures/test_files.h"

namespace verdict {
namespace {

using testing::ElementsAreArray;

constexpr size_t kNoLimit = 1'000'000;

std::string GoldenFile(const std::string& name) {
  return SourceFile("tests/golden/tokenizer/" + name);
}

absl::StatusOr<Tokenizer> LoadTokenizerJson(const std::string& path) {
  absl::StatusOr<std::string> text = ReadWholeFile(path, 1 << 20);
  if (!text.ok()) return text.status();
  absl::StatusOr<TokenizerDescription> description = AssembleTokenizer(
      {.tokenizer_json = *text, .tokenizer_config = R"({"tokenizer_class": "TokenizersBackend"})"});
  if (!description.ok()) return description.status();
  return Tokenizer::Create(*description);
}

// The cases of a file with one JSON object a line.
std::vector<nlohmann::json> CasesIn(const std::string& path) {
  std::vector<nlohmann::json> cases;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) cases.push_back(nlohmann::json::parse(line));
  return cases;
}

class TokenizerGoldenTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    absl::StatusOr<Tokenizer> loaded = LoadTokenizerJson(GoldenFile(GetParam() + ".json"));
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    tokenizer_.emplace(*std::move(loaded));
    for (nlohmann::json& golden : CasesIn(GoldenFile("cases.jsonl"))) {
      if (golden["tokenizer"] != GetParam()) continue;
      (golden.contains("limit") ? truncated_ : whole_).push_back(std::move(golden));
    }
    ASSERT_GT(whole_.size(), 40u);
    ASSERT_GT(truncated_.size(), 100u);
  }

  std::optional<Tokenizer> tokenizer_;
  std::vector<nlohmann::json> whole_;
  std::vector<nlohmann::json> truncated_;
};

TEST_P(TokenizerGoldenTest, IdsAndByteOffsetsEqualTheReferences) {
  for (const nlohmann::json& golden : whole_) {
    const std::string text = golden["text"];
    std::vector<int32_t> ids;
    std::vector<std::pair<uint32_t, uint32_t>> offsets;
    for (const Token& token : tokenizer_->Tokenize({.text = text, .text_pair = {}}, false)) {
      ids.push_back(token.id);
      offsets.emplace_back(token.begin, token.end);
    }
    EXPECT_THAT(ids, ElementsAreArray(golden["ids"].get<std::vector<int32_t>>())) << golden;
    EXPECT_THAT(offsets, ElementsAreArray(golden["offsets"].get<decltype(offsets)>())) << golden;
  }
}

TEST_P(TokenizerGoldenTest, TruncationEqualsTheReferencesAtEveryLimit) {
  for (const nlohmann::json& golden : truncated_) {
    const std::string text = golden["text"];
    const std::string pair = golden["pair"].is_null() ? "" : golden["pair"];
    TextInput input = {.text = text, .text_pair = {}};
    if (!golden["pair"].is_null()) input.text_pair = pair;
    const Truncation side = golden["side"] == "left" ? Truncation::kLeft : Truncation::kRight;
    const auto encoding = tokenizer_->Encode(input, golden["limit"], side);
    ASSERT_TRUE(encoding.ok()) << encoding.status();
    EXPECT_THAT(encoding->input_ids, ElementsAreArray(golden["ids"].get<std::vector<int32_t>>()))
        << golden;
    EXPECT_EQ(encoding->total_tokens, golden["total"].get<size_t>()) << golden;
  }
}

INSTANTIATE_TEST_SUITE_P(Reference, TokenizerGoldenTest, testing::Values("uncased", "cased", "odd"),
                         [](const auto& info) { return info.param; });

// bert-base-uncased itself, which does not belong into this repository.
class BertGoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(BertGoldenTest, EveryGoldenCaseOfTheRealVocabulary) {
  const auto tokenizer = LoadTokenizerJson(SharedData("tokenizer/tokenizer.json"));
  if (!tokenizer.ok()) GTEST_SKIP() << "bert-base-uncased is not here: " << tokenizer.status();
  const std::vector<nlohmann::json> cases = CasesIn(SharedData("tokenizer/" + GetParam()));
  ASSERT_GT(cases.size(), 1000u);
  for (const nlohmann::json& golden : cases) {
    const std::string text = golden["text"];
    const auto encoding =
        tokenizer->Encode({.text = text, .text_pair = {}}, kNoLimit, Truncation::kRight);
    ASSERT_TRUE(encoding.ok()) << encoding.status();
    EXPECT_THAT(encoding->input_ids, ElementsAreArray(golden["ids"].get<std::vector<int32_t>>()))
        << golden;
  }
}

INSTANTIATE_TEST_SUITE_P(Reference, BertGoldenTest,
                         testing::Values("golden_published.jsonl", "golden_random.jsonl"),
                         [](const auto& info) {
                           return info.param.substr(7, info.param.find('.') - 7);
                         });

}  // namespace
}  // namespace verdict
