#include "engine/tokenizer/wordpiece.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using testing::ElementsAre;

constexpr int32_t kUnknown = 0;

Vocabulary Words() {
  return Vocabulary({{"[UNK]", kUnknown},
                     {"un", 1},
                     {"##aff", 2},
                     {"##able", 3},
                     {"##a", 4},
                     {"unaffx", 5},
                     {"\u6f22", 6},
                     {"##\u6f22", 7},
                     {"a", 8},
                     {"##", 9}});
}

std::vector<int32_t> IdsOf(const std::string& word, const WordPieceOptions& options = {}) {
  std::vector<Piece> pieces;
  WordPiece(Words(), options).Split(word, &pieces);
  std::vector<int32_t> ids;
  size_t end = 0;
  for (const Piece& piece : pieces) {
    EXPECT_EQ(piece.begin, end) << "pieces follow each other";
    EXPECT_GT(piece.end, piece.begin);
    end = piece.end;
    ids.push_back(piece.id);
  }
  EXPECT_EQ(end, word.size()) << "and cover the word";
  return ids;
}

TEST(WordPieceTest, TakesTheLongestPieceFromTheLeft) {
  EXPECT_THAT(IdsOf("un"), ElementsAre(1));
  EXPECT_THAT(IdsOf("unaffable"), ElementsAre(1, 2, 3));
  EXPECT_THAT(IdsOf("unaaff"), ElementsAre(1, 4, 2));
}

TEST(WordPieceTest, NeverTakesAShorterPieceBack) {
  // un + ##aff fits unaffx's beginning, but the longest first piece is what counts.
  EXPECT_THAT(IdsOf("unaffx"), ElementsAre(5));
  EXPECT_THAT(IdsOf("unaffxa"), ElementsAre(5, 4));
  EXPECT_THAT(IdsOf("unaffxb"), ElementsAre(kUnknown));
}

TEST(WordPieceTest, OneUnknownPartMakesTheWholeWordUnknown) {
  EXPECT_THAT(IdsOf("unz"), ElementsAre(kUnknown));
  EXPECT_THAT(IdsOf("zun"), ElementsAre(kUnknown));
  EXPECT_THAT(IdsOf("aff"), ElementsAre(kUnknown)) << "a, then nothing that goes on with f";
}

TEST(WordPieceTest, APieceThatMayOnlyGoOnDoesNotBegin) {
  EXPECT_THAT(IdsOf("able"), ElementsAre(kUnknown));
}

TEST(WordPieceTest, CountsCharactersNotBytes) {
  const WordPieceOptions options = {.max_input_chars_per_word = 3};
  EXPECT_THAT(IdsOf("\u6f22\u6f22\u6f22", options), ElementsAre(6, 7, 7));
  EXPECT_THAT(IdsOf("\u6f22\u6f22\u6f22\u6f22", options), ElementsAre(kUnknown));
}

TEST(WordPieceTest, ALongWordIsUnknownEvenIfItIsAToken) {
  EXPECT_THAT(IdsOf("unaffx", {.max_input_chars_per_word = 6}), ElementsAre(5));
  EXPECT_THAT(IdsOf("unaffx", {.max_input_chars_per_word = 5}), ElementsAre(kUnknown));
}

TEST(WordPieceTest, APrefixThatNoTokenHasMeansNoContinuations) {
  EXPECT_THAT(IdsOf("un", {.continuing_subword_prefix = "@@"}), ElementsAre(1));
  EXPECT_THAT(IdsOf("una", {.continuing_subword_prefix = "@@"}), ElementsAre(kUnknown));
}

TEST(WordPieceTest, WithoutAPrefixEveryTokenContinues) {
  EXPECT_THAT(IdsOf("una\u6f22", {.continuing_subword_prefix = ""}), ElementsAre(1, 8, 6));
}

}  // namespace
}  // namespace verdict
