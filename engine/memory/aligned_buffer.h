// Memory for vectors: aligned, zeroed, freed with its owner.
#ifndef VERDICT_ENGINE_MEMORY_ALIGNED_BUFFER_H_
#define VERDICT_ENGINE_MEMORY_ALIGNED_BUFFER_H_

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

namespace verdict {

// A fixed-size array of zeros. Movable; the address does not change when it moves.
//
// Large arrays ask for 2 MB pages: a pass reads and writes them from end to end, and with small
// pages each of those costs a walk of the page table.
template <class T>
class AlignedArray {
 public:
  AlignedArray() = default;
  explicit AlignedArray(size_t size) : size_(size) {
    const size_t bytes = std::max<size_t>(size, 1) * sizeof(T);
    const size_t alignment = bytes >= kHugePage ? kHugePage : kCacheLine;
    data_ = {static_cast<T*>(::operator new (bytes, std::align_val_t{alignment})), Free{alignment}};
    // Only advice: where it is not taken, the small pages serve.
    if (alignment == kHugePage) madvise(data_.get(), bytes, MADV_HUGEPAGE);
    std::memset(static_cast<void*>(data_.get()), 0, bytes);
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kCacheLine = 64;
  static constexpr size_t kHugePage = size_t{2} << 20;
  struct Free {
    void operator()(T* data) const { ::operator delete (data, std::align_val_t{alignment}); }
    size_t alignment = kCacheLine;
  };

  std::unique_ptr<T[], Free> data_;
  size_t size_ = 0;
};

using AlignedBuffer = AlignedArray<float>;

}  // namespace verdict

#endif  // VERDICT_ENGINE_MEMORY_ALIGNED_BUFFER_H_
