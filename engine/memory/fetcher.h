// Memory brought to the caches before it is needed.
#ifndef VERDICT_ENGINE_MEMORY_FETCHER_H_
#define VERDICT_ENGINE_MEMORY_FETCHER_H_

#include <algorithm>
#include <cstddef>

#include "engine/memory/rounding.h"

namespace verdict {

inline constexpr size_t kCacheLine = 64;  // bytes

// Memory that will be wanted soon.
struct ToFetch {
  const void* begin = nullptr;
  size_t size = 0;  // bytes
};

// The part of `memory` that is the `index`th of `count` equal ones, in cache lines.
inline ToFetch Share(const ToFetch& memory, int index, int count) {
  const size_t part = RoundUp(memory.size / count + 1, kCacheLine);
  const size_t begin = std::min(memory.size, part * index);
  return {static_cast<const std::byte*>(memory.begin) + begin, std::min(part, memory.size - begin)};
}

// Fetches it bit by bit, in `steps` steps, while something else is computed. Any addresses will do:
// a prefetch from memory that is not ours does nothing.
class Fetcher {
 public:
  Fetcher(const ToFetch& memory, size_t steps)
      : next_(static_cast<const char*>(memory.begin)),
        end_(next_ + memory.size),
        lines_(DivideUp(memory.size / kCacheLine, steps)) {}

  [[gnu::always_inline]] void Step() {
    // Into L2 and not L1, which holds what is computed with now.
    for (size_t i = 0; i < lines_ && next_ < end_; ++i, next_ += kCacheLine) {
      __builtin_prefetch(next_, /*rw=*/0, /*locality=*/2);
    }
  }

 private:
  const char* next_;
  const char* const end_;
  const size_t lines_;  // in a step
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_MEMORY_FETCHER_H_
