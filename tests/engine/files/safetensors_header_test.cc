// What the format allows. What it forbids is in bad_weights_test.cc, one case a rule.
#include "engine/files/safetensors_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace verdict {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::StatusOr<TensorEntries> Parse(std::string_view header, uint64_t data_bytes) {
  return ParseSafetensorsHeader(header, data_bytes, "x.safetensors");
}

TEST(SafetensorsHeader, GivesEveryTensorItsTypeShapeAndPlace) {
  const auto tensors = Parse(R"({"b":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                             R"("a":{"dtype":"BF16","shape":[5],"data_offsets":[24,34]}})",
                             34);
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  ASSERT_EQ(tensors->size(), 2u);
  const TensorEntry& a = tensors->at("a");
  EXPECT_EQ(a.dtype, DType::kBF16);
  EXPECT_THAT(a.shape, ElementsAre(5));
  EXPECT_EQ(a.begin, 24u);
  EXPECT_EQ(a.end, 34u);
  EXPECT_THAT(tensors->at("b").shape, ElementsAre(2, 3));
}

TEST(SafetensorsHeader, MayBeEmptyOrOnlyMetadata) {
  EXPECT_TRUE(Parse("{}", 0).ok());
  EXPECT_TRUE(Parse(R"({"__metadata__":{}})", 0).ok());
  EXPECT_TRUE(Parse(R"({"__metadata__":{"format":"pt"}})", 0).ok());
}

TEST(SafetensorsHeader, MayBePaddedWithBlanksOnBothSides) {
  EXPECT_TRUE(Parse(" \n\t{}  \r\n ", 0).ok());
}

TEST(SafetensorsHeader, AllowsScalars) {
  const auto tensors = Parse(R"({"s":{"dtype":"F64","shape":[],"data_offsets":[0,8]}})", 8);
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  EXPECT_THAT(tensors->at("s").shape, IsEmpty());
}

TEST(SafetensorsHeader, AllowsTensorsOfSizeZeroWhereverTheyLie) {
  const std::string zero = R"({"dtype":"F32","shape":[0,7],"data_offsets":[)";
  const auto tensors = Parse(R"({"z":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":)" +
                                 zero + R"(0,0]},"b":)" + zero + R"(4,4]},"c":)" + zero + "4,4]}}",
                             4);
  EXPECT_TRUE(tensors.ok()) << tensors.status();
}

TEST(SafetensorsHeader, AllowsAZeroBeforeAnyDimensionThatFits) {
  EXPECT_TRUE(Parse(R"({"z":{"dtype":"F32","shape":[0,9223372036854775807,9223372036854775807],)"
                    R"("data_offsets":[0,0]}})",
                    0)
                  .ok());
}

TEST(SafetensorsHeader, KnowsTheSizeOfEveryType) {
  const std::pair<const char*, int> kBitsOfTypes[] = {
      {"BOOL", 8}, {"F4", 4},          {"F6_E2M3", 6},     {"F6_E3M2", 6}, {"U8", 8},
      {"I8", 8},   {"F8_E5M2", 8},     {"F8_E4M3", 8},     {"F8_E8M0", 8}, {"I16", 16},
      {"U16", 16}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"F16", 16},    {"BF16", 16},
      {"I32", 32}, {"U32", 32},        {"F32", 32},        {"C64", 64},    {"F64", 64},
      {"I64", 64}, {"U64", 64},
  };
  for (const auto& [name, bits] : kBitsOfTypes) {
    // Eight elements of b bits are b bytes.
    const std::string header = std::string(R"({"t":{"dtype":")") + name +
                               R"(","shape":[8],"data_offsets":[0,)" + std::to_string(bits) + "]}}";
    const auto tensors = Parse(header, bits);
    ASSERT_TRUE(tensors.ok()) << tensors.status();
    EXPECT_EQ(DTypeName(tensors->at("t").dtype), name);
  }
}

TEST(SafetensorsHeader, KeepsAnyNameThatIsText) {
  const auto tensors = Parse(R"({"":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)"
                             R"("été\u0000\"/..":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})",
                             0);
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  EXPECT_TRUE(tensors->contains(""));
  EXPECT_TRUE(tensors->contains(std::string_view("été\0\"/..", 10)));
}

TEST(SafetensorsHeader, EscapesAndCutsNamesInMessages) {
  const std::string name(100'000, 'n');
  const auto tensors = Parse("{\"\\n\\u001b[1m" + name + "\":1}", 0);
  ASSERT_FALSE(tensors.ok());
  EXPECT_THAT(std::string(tensors.status().message()),
              ::testing::StartsWith(R"(x.safetensors: tensor "\n\x1b[1mnnn)"));
  EXPECT_LT(tensors.status().message().size(), 200u);
}

}  // namespace
}  // namespace verdict
