// Memory for the packed weights of a model.
#ifndef VERDICT_ENGINE_MEMORY_PACKED_MEMORY_H_
#define VERDICT_ENGINE_MEMORY_PACKED_MEMORY_H_

#include <cstddef>
#include <memory>

namespace verdict {

// Hands out memory piece by piece from large blocks, so that the pieces lie together in pages of
// 2 MB: weights are read from end to end at every pass, and with small pages each of those costs a
// walk of the page table.
class PackedMemory {
 public:
  // [size] zeros, aligned to a cache line. They live as long as what is returned or a copy of it.
  std::shared_ptr<std::byte> Take(size_t size);

 private:
  std::shared_ptr<std::byte> block_;
  size_t left_ = 0;  // of the block, at its end
  size_t size_ = 0;  // of the block
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_MEMORY_PACKED_MEMORY_H_
