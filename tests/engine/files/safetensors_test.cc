#include "engine/files/safetensors.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tests/engine/fixtures/model_directory.h"

namespace verdict {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kName[] = "model.safetensors";

class SafetensorsTest : public ::testing::Test {
 protected:
  // Opens a file of `tensors`.
  SafetensorsFile Open(const StoredTensors& tensors) {
    directory_.Write(kName, SafetensorsBytes(tensors));
    absl::StatusOr<SafetensorsFile> file = SafetensorsFile::Open(directory_.PathOf(kName));
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }

  ModelDirectory directory_;
};

StoredTensor HalfTensor(const std::string& dtype, const std::vector<uint16_t>& bits) {
  std::string bytes(bits.size() * sizeof(uint16_t), '\0');
  std::memcpy(bytes.data(), bits.data(), bytes.size());
  return {dtype, {static_cast<int64_t>(bits.size())}, std::move(bytes)};
}

// For comparing: 0 equals -0, but not its bits.
std::vector<uint32_t> Bits(const std::vector<float>& values) {
  std::vector<uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<uint32_t>(value));
  return bits;
}

TEST_F(SafetensorsTest, ReadsF32AsItIs) {
  const std::vector<float> values = {-0.0f, 1.5f, std::numeric_limits<float>::denorm_min(),
                                     std::numeric_limits<float>::max()};
  const auto file = Open({{"t", F32Tensor({2, 2}, values)}});
  const auto read = file.ReadFloats("t", {2, 2});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(Bits(*read), Bits(values));
}

TEST_F(SafetensorsTest, WidensHalves) {
  const auto file = Open({{"half", HalfTensor("F16", {0x3C00, 0xC000, 0x0001, 0x7BFF})},
                          {"brain", HalfTensor("BF16", {0x3F80, 0xC000, 0x7F7F})}});
  const auto half = file.ReadFloats("half", {4});
  ASSERT_TRUE(half.ok()) << half.status();
  EXPECT_THAT(*half, ElementsAre(1.0f, -2.0f, 0x1p-24f, 65504.0f));
  const auto brain = file.ReadFloats("brain", {3});
  ASSERT_TRUE(brain.ok()) << brain.status();
  EXPECT_THAT(*brain, ElementsAre(1.0f, -2.0f, 0x1.fep127f));
}

TEST_F(SafetensorsTest, ReadsDataThatStartAtAnyByte) {
  for (int padding = 0; padding < 8; ++padding) {
    const StoredTensors tensors = {{"a", {"U8", {3}, "xyz"}}, {"b", F32Tensor({2}, {1.25f, -3})}};
    directory_.Write(kName,
                     SafetensorsBytes(SafetensorsHeader(tensors).dump() + std::string(padding, ' '),
                                      "xyz" + tensors.at("b").bytes));
    const auto file = SafetensorsFile::Open(directory_.PathOf(kName));
    ASSERT_TRUE(file.ok()) << file.status();
    const auto read = file->ReadFloats("b", {2});
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_THAT(*read, ElementsAre(1.25f, -3.0f));
  }
}

TEST_F(SafetensorsTest, ReadsScalarsAndTensorsOfSizeZero) {
  const auto file = Open({{"scalar", F32Tensor({}, {7})}, {"zero", F32Tensor({3, 0}, {})}});
  const auto scalar = file.ReadFloats("scalar", {});
  ASSERT_TRUE(scalar.ok()) << scalar.status();
  EXPECT_THAT(*scalar, ElementsAre(7.0f));
  const auto zero = file.ReadFloats("zero", {3, 0});
  ASSERT_TRUE(zero.ok()) << zero.status();
  EXPECT_THAT(*zero, IsEmpty());
}

// More values than are read in one piece, and not a multiple of it.
TEST_F(SafetensorsTest, ReadsLargeTensorsWhole) {
  std::vector<float> values(200'003);
  std::vector<uint16_t> halves(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(i);
    halves[i] = static_cast<uint16_t>(i % 0x7C00);
  }
  const auto file =
      Open({{"f32", F32Tensor({200'003}, values)}, {"f16", HalfTensor("F16", halves)}});
  const auto read = file.ReadFloats("f32", {200'003});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, values);
  const auto widened = file.ReadFloats("f16", {200'003});
  ASSERT_TRUE(widened.ok()) << widened.status();
  EXPECT_EQ((*widened)[0x3C00], 1.0f);
  EXPECT_EQ((*widened)[0x7C00 * 5 + 0x3C00], 1.0f);
}

TEST_F(SafetensorsTest, NamesTheFirstValueThatIsNotFiniteWhereverItIs) {
  for (const size_t place : {size_t{0}, size_t{65'535}, size_t{65'536}, size_t{131'076}}) {
    std::vector<float> values(131'077);
    values[place] = -std::numeric_limits<float>::infinity();
    values.back() = std::numeric_limits<float>::infinity();
    const auto read = Open({{"t", F32Tensor({131'077}, values)}}).ReadFloats("t", {131'077});
    EXPECT_THAT(std::string(read.status().message()),
                HasSubstr("tensor \"t\": value " + std::to_string(place) + " is "));
  }
}

TEST_F(SafetensorsTest, NonFiniteValuesAreTheReadersBusinessNotTheFiles) {
  const auto file = Open({{"bad", F32Tensor({1}, {std::numeric_limits<float>::quiet_NaN()})},
                          {"good", F32Tensor({1}, {1})}});
  EXPECT_TRUE(file.ReadFloats("good", {1}).ok());
}

TEST_F(SafetensorsTest, RefusesATensorThatIsNotThere) {
  const auto read = Open({{"t", F32Tensor({1}, {1})}}).ReadFloats("u", {1});
  EXPECT_EQ(read.status(),
            absl::InvalidArgumentError(directory_.PathOf(kName) + ": tensor \"u\": is missing"));
}

TEST_F(SafetensorsTest, NoticesAFileThatIsCutShortAfterOpen) {
  const auto file = Open({{"t", F32Tensor({4}, {1, 2, 3, 4})}});
  const uint64_t size = file.file().size();
  directory_.Cut(kName, size - 1);
  EXPECT_EQ(file.ReadFloats("t", {4}).status(),
            absl::UnavailableError(directory_.PathOf(kName) +
                                   ": changed while it was read: it had " + std::to_string(size) +
                                   " bytes when opened, and has " + std::to_string(size - 1)));
}

TEST_F(SafetensorsTest, NoticesAFileThatGrowsAfterOpen) {
  const auto file = Open({{"t", F32Tensor({1}, {1})}});
  std::filesystem::resize_file(directory_.PathOf(kName), file.file().size() + 1);
  EXPECT_EQ(file.ReadFloats("t", {1}).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(SafetensorsTest, NoticesAFileThatIsWrittenInPlaceAfterOpen) {
  const auto file = Open({{"t", F32Tensor({1}, {1})}});
  // What a write leaves behind, without waiting for the clock to tick.
  const timespec times[2] = {{0, UTIME_OMIT}, {1, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, directory_.PathOf(kName).c_str(), times, 0), 0);
  EXPECT_EQ(
      file.ReadFloats("t", {1}).status(),
      absl::UnavailableError(directory_.PathOf(kName) + ": was written to while it was read"));
}

TEST_F(SafetensorsTest, AFileThatIsReplacedIsStillTheOneThatWasOpened) {
  const auto file = Open({{"t", F32Tensor({1}, {1})}});
  directory_.Write("new", "another file");
  std::filesystem::rename(directory_.PathOf("new"), directory_.PathOf(kName));
  const auto read = file.ReadFloats("t", {1});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(*read, ElementsAre(1.0f));
}

}  // namespace
}  // namespace verdict
