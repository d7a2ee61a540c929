#include "engine/kernels/attention/tile_attention.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "engine/kernels/tiles/tile_packing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/fixtures/highway_targets.h"
#include "tests/engine/fixtures/plain_attention.h"

namespace verdict {
namespace {

using ::testing::FloatNear;
using ::testing::Pointwise;

float FromBf16(Bf16 bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

// With some rows more that are not theirs: NaN.
struct Packed : PackedHead<Bf16> {
  Packed(int tokens, int head_dim, float deviation = 1.5f) : PackedHead{tokens, head_dim, {}} {
    const std::vector<float> numbers =
        NormalNumbers(tokens * stride(), tokens * 131 + head_dim, deviation);
    data.assign((tokens + kTileSize) * stride(), 0x7FC0);
    RoundToBf16(numbers.data(), numbers.size(), data.data());
  }

  std::vector<float> Attend(int queries) const {
    return AttendBy(AttendInTiles, TileAttentionScratchSize(tokens, head_dim), queries);
  }

  std::vector<float> PlainAttend() const { return PackedHead::PlainAttend(FromBf16); }
};

class TileAttentionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!HasTileAttention(64)) GTEST_SKIP() << "this CPU has no AMX, or oneDNN may not use it";
  }
};

// Each weight is rounded by a 512th at most, and most of them by less.
constexpr float kTolerance = 0.01f;

TEST_F(TileAttentionTest, EqualsThePlainFormulaAtEverySize) {
  for (int head_dim : {32, 64, 96}) {
    for (int tokens : {1, 2, 3, 15, 16, 17, 31, 32, 33, 64, 65, 100, 512}) {
      const Packed packed(tokens, head_dim);
      const std::vector<float> expected = packed.PlainAttend();
      ForEachHighwayTarget([&] {
        EXPECT_THAT(packed.Attend(tokens), Pointwise(FloatNear(kTolerance), expected))
            << tokens << " tokens, head_dim " << head_dim;
      });
    }
  }
}

TEST_F(TileAttentionTest, OneTokenAttendsToItselfAlone) {
  const Packed packed(1, 64);
  EXPECT_THAT(packed.Attend(1), Pointwise(FloatNear(1e-6f), packed.PlainAttend()));
}

TEST_F(TileAttentionTest, AQueryHasTheSameBitsWhateverOtherQueriesAreAsked) {
  const Packed packed(70, 64);
  const std::vector<float> all = packed.Attend(70);
  for (int queries : {1, 2, 3, 15, 16, 17, 33, 64, 65, 69}) {
    const std::vector<float> some = packed.Attend(queries);
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin())) << queries;
  }
}

TEST_F(TileAttentionTest, ScoresFarApartNeitherOverflowNorVanish) {
  const Packed packed(9, 32, 60);  // exponents up to some thousands
  EXPECT_THAT(packed.Attend(9), Pointwise(FloatNear(60 * kTolerance), packed.PlainAttend()));
}

TEST_F(TileAttentionTest, NanIsKept) {
  Packed packed(20, 32);
  packed.data[packed.stride() * 7 + 32] = 0x7FC0;  // a key's
  for (float y : packed.Attend(20)) EXPECT_TRUE(std::isnan(y));
}

TEST(HasTileAttentionTest, OnlyOfWholeTiles) {
  for (int head_dim : {1, 16, 48, 80}) EXPECT_FALSE(HasTileAttention(head_dim));
}

}  // namespace
}  // namespace verdict
