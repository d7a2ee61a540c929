// A small byte-level BPE and variants of it against the reference.
#include <cstdint>
#include <ctime>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/tokenizer/tokenizer.h"
#include "gtest/gtest.h"
#include "tests/engine/tokenizer/files/bpe/byte_level_digests.h"

namespace verdict {
namespace {

constexpr size_t kVariants = 18;
constexpr uint64_t kBlocks = 12;
constexpr uint64_t kTextsPerBlock = 50;

class ByteLevelVariantsTest : public testing::TestWithParam<size_t> {};

TEST_P(ByteLevelVariantsTest, IdsAndOffsetsEqualTheReferences) {
  const nlohmann::json& variant = ByteLevelGoldens().at("variants").at(GetParam());
  nlohmann::json document = ByteLevelGoldens().at("tokenizer");
  const std::vector<std::string> words = WordsOf(document);
  document.merge_patch(variant.at("patch"));
  const auto tokenizer = TokenizerOf(document.dump());
  ASSERT_TRUE(tokenizer.ok()) << variant.at("name") << ": " << tokenizer.status();
  ASSERT_EQ(variant.at("digests").size(), kBlocks);
  for (uint64_t block = 0; block < kBlocks; ++block) {
    const uint64_t first = kFirstSeed + (GetParam() * kBlocks + block) * kTextsPerBlock;
    ASSERT_EQ(BlockDigest(*tokenizer, words, first, kTextsPerBlock),
              variant.at("digests").at(block).get<std::string>())
        << variant.at("name") << ": first differing block: seeds from " << first;
  }
}

INSTANTIATE_TEST_SUITE_P(Reference, ByteLevelVariantsTest, testing::Range<size_t>(0, kVariants));

TEST(ByteLevelVariantsTest, AreAllOfTheFile) {
  EXPECT_EQ(ByteLevelGoldens().at("variants").size(), kVariants);
}

// Of this process's own work: what else the machine does must not count. Many times what it takes.
constexpr std::clock_t kLongest = CLOCKS_PER_SEC / 2;
constexpr size_t kLongText = 64 << 10;

TEST(ByteLevelTimeTest, NoKindOfTextIsSlow) {
  const auto tokenizer = TokenizerOf(ByteLevelGoldens().at("tokenizer").dump());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  for (const std::string unit :
       {"a", " ", "\n", "!", "1", "'", "'s", "e\u0301", "\u0301", "\u6f22\u5b57", "\U0001f1eb",
        "<mask>", "   <mask>", "<mas", "the", "the ", "qjxkzvbwypgmfdlhsnrtoiae", "\u200b\u0001"}) {
    std::string text;
    while (text.size() < kLongText) text += unit;
    const std::clock_t begin = std::clock();
    const std::vector<Token> tokens = tokenizer->Tokenize({.text = text, .text_pair = text}, true);
    EXPECT_LT(std::clock() - begin, kLongest) << unit;
    EXPECT_GT(tokens.size(), 0u);
  }
}

}  // namespace
}  // namespace verdict
