#include "engine/memory/packed_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

#include "engine/memory/fetcher.h"
#include "engine/memory/rounding.h"

namespace verdict {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
// Address space: what nobody takes of it is no memory.
constexpr size_t kBlock = size_t{64} << 20;

std::shared_ptr<std::byte> MapBlock(size_t size) {
  // A page more, so that one can begin where huge pages do.
  const size_t mapped = size + kHugePage;
  void* memory =
      mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, /*fd=*/-1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  // Only advice: where it is not taken, the small pages serve.
  madvise(memory, mapped, MADV_HUGEPAGE);
  const std::shared_ptr<std::byte> owner(static_cast<std::byte*>(memory),
                                         [mapped](std::byte* begin) { munmap(begin, mapped); });
  void* aligned = memory;
  size_t space = mapped;
  return {owner, static_cast<std::byte*>(std::align(kHugePage, size, aligned, space))};
}

}  // namespace

std::shared_ptr<std::byte> PackedMemory::Take(size_t size) {
  const size_t rounded = RoundUp(size, kCacheLine);
  if (rounded > left_) {
    size_ = left_ = std::max(kBlock, RoundUp(rounded, kHugePage));
    block_ = MapBlock(size_);
  }
  std::byte* begin = block_.get() + (size_ - left_);
  left_ -= rounded;
  return {block_, begin};
}

}  // namespace verdict
