// Memory for vectors of floats: aligned to a cache line, zeroed, freed with its owner.
#ifndef VERDICT_ENGINE_ALIGNED_BUFFER_H_
#define VERDICT_ENGINE_ALIGNED_BUFFER_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

namespace verdict {

// A fixed-size array of zeros. Movable; the address does not change when it moves.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size)
      : data_(new (std::align_val_t{kAlignment}) float[std::max<size_t>(size, 1)]()), size_(size) {}

  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kAlignment = 64;
  struct Free {
    void operator()(float* data) const { ::operator delete[](data, std::align_val_t{kAlignment}); }
  };

  std::unique_ptr<float[], Free> data_;
  size_t size_ = 0;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_ALIGNED_BUFFER_H_
