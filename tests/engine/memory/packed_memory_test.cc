#include "engine/memory/packed_memory.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "gtest/gtest.h"

namespace verdict {
namespace {

constexpr size_t kMegabyte = size_t{1} << 20;

bool AllAre(std::byte value, const std::shared_ptr<std::byte>& memory, size_t size) {
  return std::all_of(memory.get(), memory.get() + size, [=](std::byte b) { return b == value; });
}

TEST(PackedMemoryTest, PiecesAreZerosOnLinesOfTheirOwn) {
  PackedMemory memory;
  std::vector<std::shared_ptr<std::byte>> pieces;
  for (size_t size : {1, 64, 65, 1000, 0}) {
    pieces.push_back(memory.Take(size));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(pieces.back().get()) % 64, 0) << size;
    EXPECT_TRUE(AllAre(std::byte{0}, pieces.back(), size)) << size;
    std::fill_n(pieces.back().get(), size, std::byte{7});
  }
  EXPECT_EQ(pieces[1].get() - pieces[0].get(), 64);
  EXPECT_EQ(pieces[3].get() - pieces[2].get(), 128);
}

TEST(PackedMemoryTest, ABlockBeginsWhereAHugePageDoes) {
  PackedMemory memory;
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory.Take(1).get()) % (2 * kMegabyte), 0);
}

TEST(PackedMemoryTest, MoreThanABlockIsABlockOfItsOwn) {
  PackedMemory memory;
  const auto small = memory.Take(kMegabyte);
  const auto large = memory.Take(100 * kMegabyte);
  const auto other = memory.Take(kMegabyte);
  std::fill_n(large.get(), 100 * kMegabyte, std::byte{1});
  EXPECT_TRUE(AllAre(std::byte{0}, small, kMegabyte));
  EXPECT_TRUE(AllAre(std::byte{0}, other, kMegabyte));
}

TEST(PackedMemoryTest, APieceOutlivesTheMemoryItIsFrom) {
  std::shared_ptr<std::byte> piece;
  {
    PackedMemory memory;
    piece = memory.Take(10);
  }
  std::fill_n(piece.get(), 10, std::byte{1});
  EXPECT_TRUE(AllAre(std::byte{1}, piece, 10));
}

}  // namespace
}  // namespace verdict
