// The tokenizer against the reference on more texts than fit into the repository: every scalar
// value of Unicode, and random texts. Of the reference's results there are digests, one a block of
// texts: a failure names the block, and tests/golden/tokenizer/make_goldens.py shows what belongs
// there.
#include <cstdint>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/files/file.h"
#include "engine/files/sha256.h"
#include "engine/tokenizer/files/tokenizer_assembly.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/unicode/normalizer.h"
#include "engine/unicode/unicode.h"
#include "engine/unicode/utf8.h"
#include "gtest/gtest.h"
#include "tests/engine/fixtures/random_text.h"
#include "tests/fixtures/test_files.h"

namespace verdict {
namespace {

constexpr char32_t kScalarsPerBlock = 4096;
constexpr uint64_t kTextsPerBlock = 1000;
constexpr uint64_t kTruncatedEvery = 8;
constexpr size_t kDigestDigits = 16;

std::string GoldenFile(const std::string& name) {
  return SourceFile("tests/golden/tokenizer/" + name);
}

nlohmann::json Digests() {
  std::ifstream file(GoldenFile("digests.json"));
  return nlohmann::json::parse(file);
}

std::string Digest(std::string_view bytes) {
  return Sha256(bytes).value().substr(0, kDigestDigits);
}

void AppendNumber(uint64_t number, std::string* bytes) {
  for (int shift = 0; shift < 32; shift += 8) bytes->push_back(static_cast<char>(number >> shift));
}

// Calls `visit` with each scalar value of the block, alone and between letters.
void ForEachText(size_t block, const std::function<void(const std::string&)>& visit) {
  const auto first = static_cast<char32_t>(block * kScalarsPerBlock);
  for (char32_t scalar = first; scalar < first + kScalarsPerBlock; ++scalar) {
    if (scalar >= 0xD800 && scalar <= 0xDFFF) continue;
    std::string alone;
    AppendUtf8(scalar, &alone);
    visit(alone);
    visit("a" + alone + "b");
  }
}

struct NormalizerCase {
  std::string name;
  NormalizerOptions options;
};

void PrintTo(const NormalizerCase& normalizer, std::ostream* out) { *out << normalizer.name; }

class NormalizerSweepTest : public testing::TestWithParam<NormalizerCase> {};

TEST_P(NormalizerSweepTest, EveryScalarValueAloneAndBetweenLettersEqualsTheReference) {
  const auto expected = Digests().at("normalizer").at(GetParam().name);
  ASSERT_EQ(expected.size(), (kMaxScalar + 1) / kScalarsPerBlock);
  const Normalizer normalizer(GetParam().options);
  for (size_t block = 0; block < expected.size(); ++block) {
    std::string bytes;
    NormalizedText normalized;
    ForEachText(block, [&](const std::string& text) {
      normalizer.Normalize(text, &normalized);
      bytes += normalized.text + "\xFF";
    });
    ASSERT_EQ(Digest(bytes), expected[block].get<std::string>())
        << "first differing block: scalars from " << std::hex << block * kScalarsPerBlock;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Reference, NormalizerSweepTest,
    testing::Values(NormalizerCase{"uncased", {}},
                    NormalizerCase{"cased", {.strip_accents = false, .lowercase = false}},
                    NormalizerCase{"lowercase only",
                                   {.clean_text = false,
                                    .handle_chinese_chars = false,
                                    .strip_accents = false}}),
    [](const auto& info) { return info.param.name.substr(0, info.param.name.find(' ')); });

// The committed tokenizers, and bert-base-uncased where it is at hand.
class TokenizerSweepTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const bool is_shared = GetParam() == "bert-base-uncased";
    const std::string path =
        is_shared ? SharedData("tokenizer/tokenizer.json") : GoldenFile(GetParam() + ".json");
    const auto json = ReadWholeFile(path, 1 << 20);
    if (is_shared && !json.ok()) GTEST_SKIP() << "bert-base-uncased is not here: " << json.status();
    ASSERT_TRUE(json.ok()) << json.status();
    auto description =
        AssembleTokenizer({.tokenizer_json = *json,
                           .tokenizer_config = R"({"tokenizer_class": "TokenizersBackend"})"});
    ASSERT_TRUE(description.ok()) << description.status();
    auto tokenizer = Tokenizer::Create(*description);
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
    tokenizer_.emplace(*std::move(tokenizer));
    digests_ = Digests().at(GetParam());
    for (int32_t id = 0; id < tokenizer_->vocab_size(); ++id) {
      vocabulary_.emplace_back(tokenizer_->text(id));
    }
  }

  // The number of tokens, their ids, then the offsets of each.
  void AppendTokens(const std::string& text, std::string* bytes) const {
    const std::vector<Token> tokens = tokenizer_->Tokenize({.text = text, .text_pair = {}}, false);
    AppendNumber(tokens.size(), bytes);
    for (const Token& token : tokens) AppendNumber(static_cast<uint64_t>(token.id), bytes);
    for (const Token& token : tokens) {
      AppendNumber(token.begin, bytes);
      AppendNumber(token.end, bytes);
    }
  }

  // The ids of the text of `seed`, perhaps with a pair, cut to a limit, all three at random.
  void AppendTruncated(uint64_t seed, std::string* bytes) const {
    SplitMix64 random(seed);
    const size_t limit = 3 + random.Below(40);
    const Truncation side = random.Below(2) == 0 ? Truncation::kRight : Truncation::kLeft;
    const std::string text = RandomText(seed, vocabulary_);
    const std::string pair = RandomText(seed + 1, vocabulary_);
    TextInput input = {.text = text, .text_pair = {}};
    if (random.Below(2) == 1) input.text_pair = pair;
    const std::vector<int32_t> ids = tokenizer_->Encode(input, limit, side).value().input_ids;
    AppendNumber(ids.size(), bytes);
    for (const int32_t id : ids) AppendNumber(static_cast<uint64_t>(id), bytes);
  }

  std::optional<Tokenizer> tokenizer_;
  std::vector<std::string> vocabulary_;
  nlohmann::json digests_;
};

TEST_P(TokenizerSweepTest, EveryScalarValueAloneAndBetweenLettersEqualsTheReference) {
  const nlohmann::json& expected = digests_.at("scalars");
  ASSERT_EQ(expected.size(), (kMaxScalar + 1) / kScalarsPerBlock);
  for (size_t block = 0; block < expected.size(); ++block) {
    std::string bytes;
    ForEachText(block, [&](const std::string& text) { AppendTokens(text, &bytes); });
    ASSERT_EQ(Digest(bytes), expected[block].get<std::string>())
        << "first differing block: scalars from " << std::hex << block * kScalarsPerBlock;
  }
}

TEST_P(TokenizerSweepTest, RandomTextsEqualTheReference) {
  const nlohmann::json& expected = digests_.at("random");
  ASSERT_GE(expected.size() * kTextsPerBlock, 100'000u);
  for (size_t block = 0; block < expected.size(); ++block) {
    std::string bytes;
    for (uint64_t i = 0; i < kTextsPerBlock; ++i) {
      AppendTokens(RandomText(block * kTextsPerBlock + i, vocabulary_), &bytes);
    }
    ASSERT_EQ(Digest(bytes), expected[block].get<std::string>())
        << "first differing block: seeds from " << block * kTextsPerBlock;
  }
}

TEST_P(TokenizerSweepTest, TruncatedRandomTextsEqualTheReference) {
  const nlohmann::json& expected = digests_.at("truncated");
  ASSERT_GE(expected.size() * kTextsPerBlock, 100'000u);
  for (size_t block = 0; block < expected.size(); ++block) {
    std::string bytes;
    for (uint64_t i = 0; i < kTextsPerBlock; i += kTruncatedEvery) {
      AppendTruncated(block * kTextsPerBlock + i, &bytes);
    }
    ASSERT_EQ(Digest(bytes), expected[block].get<std::string>())
        << "first differing block: seeds from " << block * kTextsPerBlock;
  }
}

INSTANTIATE_TEST_SUITE_P(Reference, TokenizerSweepTest,
                         testing::Values("uncased", "cased", "odd", "bert-base-uncased"),
                         [](const auto& info) {
                           return info.param.substr(0, info.param.find('-'));
                         });

}  // namespace
}  // namespace verdict
