#include "engine/tokenizer/bpe/byte_level_bpe.h"

#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using testing::ElementsAre;
using testing::FieldsAre;

// Without "x": a byte that the vocabulary lacks.
Vocabulary Letters() {
  return Vocabulary({{"<unk>", 0},
                     {"a", 1},
                     {"b", 2},
                     {"ab", 3},
                     {"\u0120", 4},
                     {"\u0120ab", 5},
                     {"\u00c3", 6},
                     {"\u00a9", 7},
                     {"aab", 8}});
}

const std::vector<PairMerge> kMerges = {{.left = 1, .right = 2, .merged = 3},
                                        {.left = 4, .right = 3, .merged = 5}};

std::vector<Piece> Split(const ByteLevelBpeOptions& options, std::string_view word) {
  std::vector<Piece> pieces = {{.id = 99}};
  ByteLevelBpe(Letters(), options).Split(word, &pieces);
  return pieces;
}

TEST(ByteLevelBpeTest, MergesTheWordsBytes) {
  EXPECT_THAT(Split({.merges = kMerges}, " ab"), ElementsAre(FieldsAre(5, 0, 3)));
  EXPECT_THAT(Split({.merges = kMerges}, "aab"),
              ElementsAre(FieldsAre(1, 0, 1), FieldsAre(3, 1, 3)));
}

TEST(ByteLevelBpeTest, APieceMayBePartOfAScalarValue) {
  EXPECT_THAT(Split({.merges = kMerges}, "\u00e9"),
              ElementsAre(FieldsAre(6, 0, 1), FieldsAre(7, 1, 2)));
}

TEST(ByteLevelBpeTest, AWordOfTheVocabularyMayGoBeforeTheMerges) {
  EXPECT_THAT(Split({.merges = kMerges, .ignore_merges = true}, "aab"),
              ElementsAre(FieldsAre(8, 0, 3)));
}

TEST(ByteLevelBpeTest, MissingBytesAreDroppedAndLaterPiecesSlideLeft) {
  EXPECT_THAT(Split({.merges = kMerges}, "axb"), ElementsAre(FieldsAre(3, 0, 2)));
  EXPECT_THAT(Split({.merges = kMerges}, "x"), ElementsAre());
}

TEST(ByteLevelBpeTest, MissingBytesAreUnknownWhereThereIsATokenForThem) {
  EXPECT_THAT(
      Split({.merges = kMerges, .unk_token = "<unk>"}, "axxb"),
      ElementsAre(FieldsAre(1, 0, 1), FieldsAre(0, 1, 2), FieldsAre(0, 2, 3), FieldsAre(2, 3, 4)));
  EXPECT_THAT(Split({.merges = kMerges, .unk_token = "<unk>", .fuse_unk = true}, "axxb"),
              ElementsAre(FieldsAre(1, 0, 1), FieldsAre(0, 1, 3), FieldsAre(2, 3, 4)));
}

}  // namespace
}  // namespace verdict
