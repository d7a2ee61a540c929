#include "engine/tokenizer/bpe/byte_pairs.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/fixtures/random_text.h"

namespace verdict {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::vector<std::pair<int32_t, uint32_t>> Merged(const BytePairs& pairs,
                                                 const std::vector<int32_t>& ids) {
  std::vector<Symbol> symbols;
  for (const int32_t id : ids) symbols.push_back({.id = id, .length = 1});
  pairs.MergeAll(&symbols);
  std::vector<std::pair<int32_t, uint32_t>> merged;
  for (const Symbol& symbol : symbols) merged.emplace_back(symbol.id, symbol.length);
  return merged;
}

TEST(BytePairsTest, TheLeastRankGoesFirst) {
  const BytePairs pairs(
      {{.left = 2, .right = 3, .merged = 10}, {.left = 1, .right = 2, .merged = 11}});
  EXPECT_THAT(Merged(pairs, {1, 2, 3}), ElementsAre(Pair(1, 1), Pair(10, 2)));
}

TEST(BytePairsTest, OfEqualRanksTheLeftmostGoesFirst) {
  const BytePairs pairs({{.left = 1, .right = 1, .merged = 2}});
  EXPECT_THAT(Merged(pairs, {1, 1, 1}), ElementsAre(Pair(2, 2), Pair(1, 1)));
}

TEST(BytePairsTest, OfARepeatedPairTheLastCounts) {
  const BytePairs pairs({{.left = 1, .right = 2, .merged = 10},
                         {.left = 2, .right = 3, .merged = 11},
                         {.left = 1, .right = 2, .merged = 10}});
  EXPECT_THAT(Merged(pairs, {1, 2, 3}), ElementsAre(Pair(1, 1), Pair(11, 2)));
}

TEST(BytePairsTest, FewAndNoSymbolsStay) {
  const BytePairs pairs({{.left = 1, .right = 1, .merged = 2}});
  EXPECT_THAT(Merged(pairs, {}), ElementsAre());
  EXPECT_THAT(Merged(pairs, {1}), ElementsAre(Pair(1, 1)));
}

// The definition: look at all pairs, merge the best, begin again.
std::vector<std::pair<int32_t, uint32_t>> ByDefinition(const std::vector<PairMerge>& merges,
                                                       const std::vector<int32_t>& ids) {
  std::vector<std::pair<int32_t, uint32_t>> symbols;
  for (const int32_t id : ids) symbols.emplace_back(id, 1);
  while (true) {
    size_t best_rank = merges.size();
    size_t place = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto found = std::find_if(merges.begin(), merges.end(), [&](const PairMerge& merge) {
        return merge.left == symbols[i].first && merge.right == symbols[i + 1].first;
      });
      const auto rank = static_cast<size_t>(found - merges.begin());
      if (rank < best_rank) {
        best_rank = rank;
        place = i;
      }
    }
    if (best_rank == merges.size()) return symbols;
    symbols[place] = {merges[best_rank].merged, symbols[place].second + symbols[place + 1].second};
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  }
}

TEST(BytePairsTest, RandomSymbolsMergeByDefinitionFewOrMany) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    SplitMix64 random(seed);
    std::vector<PairMerge> merges;
    for (int32_t merged = 3; merged < 40; ++merged) {
      const auto below = [&] { return static_cast<int32_t>(random.Below(merged)); };
      const PairMerge merge = {.left = below(), .right = below(), .merged = merged};
      const bool is_known = std::any_of(merges.begin(), merges.end(), [&](const PairMerge& other) {
        return other.left == merge.left && other.right == merge.right;
      });
      if (!is_known) merges.push_back(merge);
    }
    std::vector<int32_t> ids(random.Below(80));
    for (int32_t& id : ids) id = static_cast<int32_t>(random.Below(3));
    EXPECT_EQ(Merged(BytePairs(merges), ids), ByDefinition(merges, ids)) << seed;
  }
}

}  // namespace
}  // namespace verdict
