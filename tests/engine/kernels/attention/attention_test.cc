#include "engine/kernels/attention/attention.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/fixtures/highway_targets.h"
#include "tests/engine/fixtures/plain_attention.h"

namespace verdict {
namespace {

using ::testing::FloatNear;
using ::testing::Pointwise;

struct Packed : PackedHead<float> {
  Packed(int tokens, int head_dim)
      : PackedHead{tokens, head_dim,
                   NormalNumbers(size_t{3} * tokens * head_dim, tokens * 131 + head_dim, 1.5f)} {}

  std::vector<float> Attend(int queries) const {
    return AttendBy(verdict::Attend, AttentionScratchSize(tokens, head_dim), queries);
  }

  std::vector<float> PlainAttend() const { return PackedHead::PlainAttend(std::identity()); }
};

TEST(AttentionTest, EqualsThePlainFormulaAtEverySize) {
  for (int head_dim : {1, 8, 24, 32, 64, 80}) {
    for (int tokens : {1, 2, 3, 4, 5, 8, 31, 33, 100}) {
      const Packed packed(tokens, head_dim);
      const std::vector<float> expected = packed.PlainAttend();
      ForEachHighwayTarget([&] {
        EXPECT_THAT(packed.Attend(tokens), Pointwise(FloatNear(1e-5f), expected))
            << tokens << " tokens, head_dim " << head_dim;
      });
    }
  }
}

TEST(AttentionTest, LongTextsKeepTheirPrecision) {
  const Packed packed(512, 64);
  EXPECT_THAT(packed.Attend(512), Pointwise(FloatNear(1e-5f), packed.PlainAttend()));
}

TEST(AttentionTest, AQueryHasTheSameBitsWhateverOtherQueriesAreAsked) {
  const Packed packed(37, 64);
  ForEachHighwayTarget([&] {
    const std::vector<float> all = packed.Attend(37);
    for (int queries : {1, 2, 3, 4, 6, 8, 11, 36}) {
      const std::vector<float> some = packed.Attend(queries);
      EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin())) << queries;
    }
  });
}

TEST(AttentionTest, NanIsKept) {
  Packed packed(20, 8);
  packed.data[packed.stride() * 7 + 8] = std::numeric_limits<float>::quiet_NaN();  // a key's
  ForEachHighwayTarget([&] {
    for (float y : packed.Attend(20)) EXPECT_TRUE(std::isnan(y));
  });
}

TEST(AttentionTest, ScoresFarApartNeitherOverflowNorVanish) {
  Packed packed(9, 16);
  for (float& value : packed.data) value *= 40;  // exponents up to some thousands
  EXPECT_THAT(packed.Attend(9), Pointwise(FloatNear(2e-3f), packed.PlainAttend()));
}

}  // namespace
}  // namespace verdict
