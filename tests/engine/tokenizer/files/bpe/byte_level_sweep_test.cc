// Published byte-level tokenizers against the reference on every scalar value and 100,000 random
// texts each, from tokenizer.json, and from vocab.json and merges.txt. Their vocabularies do not
// belong into this repository: SharedData has them on some machines.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/files/file.h"
#include "engine/tokenizer/files/tokenizer_assembly.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/unicode/unicode.h"
#include "engine/unicode/utf8.h"
#include "gtest/gtest.h"
#include "tests/engine/tokenizer/files/bpe/byte_level_digests.h"
#include "tests/fixtures/test_files.h"

namespace verdict {
namespace {

constexpr char32_t kScalarsPerBlock = 4096;
constexpr uint64_t kTextsPerBlock = 1000;
constexpr uint64_t kMaxFileBytes = 4 << 20;

class ByteLevelSweepTest : public testing::TestWithParam<std::string> {
 protected:
  absl::StatusOr<std::string> TextOf(const std::string& name) const {
    return ReadWholeFile(SharedData("families/" + GetParam() + "/" + name), kMaxFileBytes);
  }

  void SetUp() override {
    const auto json = TextOf("tokenizer.json");
    if (!json.ok()) GTEST_SKIP() << GetParam() << " is not here: " << json.status();
    auto tokenizer = TokenizerOf(*json);
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
    tokenizer_.emplace(*std::move(tokenizer));
    words_ = WordsOf(nlohmann::json::parse(*json));
    digests_ = ByteLevelGoldens().at("published").at(GetParam());
  }

  void CheckRandomTexts(const Tokenizer& tokenizer) const {
    const nlohmann::json& expected = digests_.at("random");
    ASSERT_GE(expected.size() * kTextsPerBlock, 100'000u);
    for (size_t block = 0; block < expected.size(); ++block) {
      const uint64_t first = kFirstSeed + block * kTextsPerBlock;
      ASSERT_EQ(BlockDigest(tokenizer, words_, first, kTextsPerBlock),
                expected[block].get<std::string>())
          << "first differing block: seeds from " << first;
    }
  }

  std::optional<Tokenizer> tokenizer_;
  std::vector<std::string> words_;
  nlohmann::json digests_;
};

TEST_P(ByteLevelSweepTest, EveryScalarValueAloneAndBetweenLettersEqualsTheReference) {
  const nlohmann::json& expected = digests_.at("scalars");
  ASSERT_EQ(expected.size(), (kMaxScalar + 1) / kScalarsPerBlock);
  for (size_t block = 0; block < expected.size(); ++block) {
    std::string bytes;
    const auto first = static_cast<char32_t>(block * kScalarsPerBlock);
    for (char32_t scalar = first; scalar < first + kScalarsPerBlock; ++scalar) {
      if (scalar >= 0xD800 && scalar <= 0xDFFF) continue;
      std::string alone;
      AppendUtf8(scalar, &alone);
      AppendTokens(*tokenizer_, alone, &bytes);
      AppendTokens(*tokenizer_, "a" + alone + "b", &bytes);
    }
    ASSERT_EQ(DigestOf(bytes), expected[block].get<std::string>())
        << "first differing block: scalars from " << std::hex << block * kScalarsPerBlock;
  }
}

TEST_P(ByteLevelSweepTest, RandomTextsEqualTheReference) { CheckRandomTexts(*tokenizer_); }

TEST_P(ByteLevelSweepTest, VocabJsonAndMergesTxtAreTheSameTokenizer) {
  const auto description =
      AssembleTokenizer({.vocab_json = TextOf("vocab.json").value(),
                         .merges_txt = TextOf("merges.txt").value(),
                         .tokenizer_config = TextOf("tokenizer_config.json").value()});
  ASSERT_TRUE(description.ok()) << description.status();
  const auto tokenizer = Tokenizer::Create(*description);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  CheckRandomTexts(*tokenizer);
}

INSTANTIATE_TEST_SUITE_P(Reference, ByteLevelSweepTest,
                         testing::Values("twitter-roberta", "cyberbully-roberta", "catiss-roberta"),
                         [](const auto& info) {
                           return info.param.substr(0, info.param.find('-'));
                         });

}  // namespace
}  // namespace verdict
