#include "engine/tokenizer/token_trie.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/engine/fixtures/random_text.h"

namespace verdict {
namespace {

constexpr TokenTrie::Node kRoot = TokenTrie::kRoot;

TEST(TokenTrieTest, FindsTheLongestTokenThatATextBeginsWith) {
  const TokenTrie trie(Vocabulary({{"a", 1}, {"abc", 2}, {"abcde", 3}, {"b", 4}}));
  EXPECT_EQ(trie.LongestMatch(kRoot, "abcdx").id, 2);
  EXPECT_EQ(trie.LongestMatch(kRoot, "abcdx").length, 3u);
  EXPECT_EQ(trie.LongestMatch(kRoot, "abcde").id, 3);
  EXPECT_EQ(trie.LongestMatch(kRoot, "abX").id, 1);
  EXPECT_EQ(trie.LongestMatch(kRoot, "x").id, TokenTrie::kNoToken);
  EXPECT_EQ(trie.LongestMatch(kRoot, "").id, TokenTrie::kNoToken);
}

TEST(TokenTrieTest, GoesOnFromWhereAPrefixLeads) {
  const TokenTrie trie(Vocabulary({{"##s", 1}, {"##so", 2}, {"s", 3}}));
  const auto node = trie.Descend("##");
  ASSERT_TRUE(node.has_value());
  EXPECT_EQ(trie.LongestMatch(*node, "sox").id, 2);
  EXPECT_EQ(trie.Descend("#s"), std::nullopt);
  EXPECT_EQ(trie.Descend(""), kRoot);
}

TEST(TokenTrieTest, TheEmptyTextMatchesNowhere) {
  const TokenTrie trie(Vocabulary({{"", 1}, {"a", 2}}));
  EXPECT_EQ(trie.LongestMatch(kRoot, "b").id, TokenTrie::kNoToken);
  EXPECT_EQ(TokenTrie(Vocabulary()).LongestMatch(kRoot, "a").id, TokenTrie::kNoToken);
}

TEST(TokenTrieTest, AnyBytesMayMakeUpAToken) {
  const TokenTrie trie(Vocabulary({{std::string("\0\xff", 2), 1}, {"\xff", 2}}));
  EXPECT_EQ(trie.LongestMatch(kRoot, std::string_view("\0\xff\0", 3)).id, 1);
  EXPECT_EQ(trie.LongestMatch(kRoot, "\xff\xff").length, 1u);
  EXPECT_TRUE(trie.BeginsToken(0));
  EXPECT_FALSE(trie.BeginsToken('a'));
}

TEST(TokenTrieTest, AgreesWithTryingEveryToken) {
  SplitMix64 random(1);
  const auto random_word = [&random] {
    std::string word;
    for (uint64_t i = 1 + random.Below(6); i > 0; --i) word += "abc"[random.Below(3)];
    return word;
  };
  std::vector<VocabularyEntry> entries;
  for (int32_t id = 0; id < 200; ++id) entries.push_back({random_word(), id});
  const Vocabulary vocabulary(entries);
  const TokenTrie trie(vocabulary);
  for (int i = 0; i < 2000; ++i) {
    const std::string text = random_word();
    TokenTrie::Match expected;
    for (const auto& [token, id] : vocabulary.entries()) {
      if (text.rfind(token, 0) == 0 && token.size() > expected.length) {
        expected = {.id = id, .length = token.size()};
      }
    }
    const TokenTrie::Match match = trie.LongestMatch(kRoot, text);
    ASSERT_EQ(match.id, expected.id) << text;
    ASSERT_EQ(match.length, expected.length) << text;
  }
}

}  // namespace
}  // namespace verdict
