// Tokenizers as people publish them, all files of each, against the reference:
// tests/golden/tokenizer/make_combinations.py. Of the reference's results there are digests, one a
// block of texts.
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/files/sha256.h"
#include "engine/tokenizer/files/tokenizer_assembly.h"
#include "engine/tokenizer/tokenizer.h"
#include "gtest/gtest.h"
#include "tests/engine/fixtures/random_text.h"
#include "tests/fixtures/test_files.h"

namespace verdict {
namespace {

constexpr size_t kCombinations = 36;
constexpr uint64_t kBlocks = 12;
constexpr uint64_t kTextsPerBlock = 50;
constexpr uint64_t kFirstSeed = 1'000'000;
constexpr size_t kDigestDigits = 16;
constexpr size_t kNoLimit = 1'000'000;

const nlohmann::json& Combinations() {
  static const auto* const kAll = [] {
    std::ifstream file(SourceFile("tests/golden/tokenizer/combinations.json"));
    return new nlohmann::json(nlohmann::json::parse(file));
  }();
  return *kAll;
}

TokenizerTexts TextsOf(const nlohmann::json& files) {
  const auto text = [&](const char* file) -> std::optional<std::string> {
    if (!files.contains(file)) return std::nullopt;
    return files.at(file).get<std::string>();
  };
  return {.tokenizer_json = text("tokenizer.json"),
          .vocab_txt = text("vocab.txt"),
          .tokenizer_config = text("tokenizer_config.json"),
          .special_tokens_map = text("special_tokens_map.json"),
          .added_tokens = text("added_tokens.json"),
          .model_config = std::nullopt};
}

void AppendNumber(uint64_t number, std::string* bytes) {
  for (int shift = 0; shift < 32; shift += 8) bytes->push_back(static_cast<char>(number >> shift));
}

// The number of tokens, their ids, then the offsets of each.
void AppendTokens(const std::vector<Token>& tokens, std::string* bytes) {
  AppendNumber(tokens.size(), bytes);
  for (const Token& token : tokens) AppendNumber(static_cast<uint64_t>(token.id), bytes);
  for (const Token& token : tokens) {
    AppendNumber(token.begin, bytes);
    AppendNumber(token.end, bytes);
  }
}

class TokenizerCombinationsTest : public testing::TestWithParam<size_t> {};

TEST_P(TokenizerCombinationsTest, IdsAndOffsetsEqualTheReferences) {
  const nlohmann::json& combination = Combinations().at(GetParam());
  const auto description = AssembleTokenizer(TextsOf(combination.at("files")));
  ASSERT_TRUE(description.ok()) << description.status();
  const auto tokenizer = Tokenizer::Create(*description);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  const auto words = combination.at("words").get<std::vector<std::string>>();
  ASSERT_EQ(combination.at("digests").size(), kBlocks);
  for (uint64_t block = 0; block < kBlocks; ++block) {
    const uint64_t first = kFirstSeed + (GetParam() * kBlocks + block) * kTextsPerBlock;
    std::string bytes;
    for (uint64_t i = 0; i < kTextsPerBlock; ++i) {
      const std::string text = RandomText(first + i, words);
      const std::string pair = RandomText(first + (i + 1) % kTextsPerBlock, words);
      AppendTokens(tokenizer->Tokenize({.text = text, .text_pair = {}}, false), &bytes);
      const TextInput input = {.text = text, .text_pair = pair};
      absl::StrAppend(
          &bytes,
          absl::StrJoin(tokenizer->Encode(input, kNoLimit, Truncation::kError)->input_ids, " "));
    }
    ASSERT_EQ(Sha256(bytes).value().substr(0, kDigestDigits),
              combination.at("digests").at(block).get<std::string>())
        << "first differing block: seeds from " << first;
  }
}

INSTANTIATE_TEST_SUITE_P(Reference, TokenizerCombinationsTest,
                         testing::Range<size_t>(0, kCombinations));

TEST(TokenizerCombinationsTest, AreAllOfTheFile) {
  EXPECT_EQ(Combinations().size(), kCombinations);
}

}  // namespace
}  // namespace verdict
