// Byte-level BPE tokenizers as people publish them, against the reference. Their vocabularies do
// not belong into this repository: SharedData has them on some machines.
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
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
constexpr uint64_t kMaxFileBytes = 4 << 20;
constexpr char kFamily[] = "families/twitter-roberta";

std::vector<nlohmann::json> CasesIn(const std::string& path) {
  std::vector<nlohmann::json> cases;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) cases.push_back(nlohmann::json::parse(line));
  return cases;
}

std::optional<std::string> TextOf(const std::string& name) {
  auto text = ReadWholeFile(SharedData(std::string(kFamily) + "/" + name), kMaxFileBytes);
  return text.ok() ? std::optional(*std::move(text)) : std::nullopt;
}

absl::StatusOr<Tokenizer> Assembled(const TokenizerTexts& texts) {
  const auto description = AssembleTokenizer(texts);
  if (!description.ok()) return description.status();
  return Tokenizer::Create(*description);
}

// The same tokenizer from tokenizer.json, or from the files that older versions wrote.
class ByteLevelGoldenTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    const std::optional<std::string> json = TextOf("tokenizer.json");
    if (!json) GTEST_SKIP() << "twitter-roberta is not here: " << SharedData(kFamily);
    TokenizerTexts texts = {.tokenizer_json = json,
                            .tokenizer_config = TextOf("tokenizer_config.json")};
    if (GetParam()) {
      texts.tokenizer_json = std::nullopt;
      texts.vocab_json = TextOf("vocab.json");
      texts.merges_txt = TextOf("merges.txt");
    }
    absl::StatusOr<Tokenizer> tokenizer = Assembled(texts);
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
    tokenizer_.emplace(*std::move(tokenizer));
  }

  void Check(const nlohmann::json& golden) const {
    const std::string text = golden["text"];
    const std::string pair = golden.value("text_pair", "");
    TextInput input = {.text = text, .text_pair = {}};
    if (golden.contains("text_pair")) input.text_pair = pair;
    std::vector<int32_t> ids;
    std::vector<std::pair<uint32_t, uint32_t>> offsets;
    for (const Token& token : tokenizer_->Tokenize(input, true)) {
      ids.push_back(token.id);
      offsets.emplace_back(token.begin, token.end);
    }
    EXPECT_THAT(ids, ElementsAreArray(golden["ids"].get<std::vector<int32_t>>())) << golden;
    EXPECT_THAT(offsets, ElementsAreArray(golden["offsets"].get<decltype(offsets)>())) << golden;
    EXPECT_EQ(tokenizer_->Encode(input, kNoLimit, Truncation::kError)->input_ids, ids) << golden;
  }

  std::optional<Tokenizer> tokenizer_;
};

TEST_P(ByteLevelGoldenTest, TextsEqualTheReferences) {
  const auto cases = CasesIn(SharedData(std::string(kFamily) + "/golden.jsonl"));
  ASSERT_GT(cases.size(), 1000u);
  for (const nlohmann::json& golden : cases) Check(golden);
}

TEST_P(ByteLevelGoldenTest, PairsEqualTheReferences) {
  const auto cases = CasesIn(SharedData(std::string(kFamily) + "/golden_pairs.jsonl"));
  ASSERT_GT(cases.size(), 100u);
  for (const nlohmann::json& golden : cases) Check(golden);
}

INSTANTIATE_TEST_SUITE_P(Reference, ByteLevelGoldenTest, testing::Bool(), [](const auto& info) {
  return info.param ? "VocabJson" : "TokenizerJson";
});

}  // namespace
}  // namespace verdict
