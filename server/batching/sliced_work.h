// Threads for parsing and tokenizing large requests, slice by slice.
#ifndef VERDICT_SERVER_BATCHING_SLICED_WORK_H_
#define VERDICT_SERVER_BATCHING_SLICED_WORK_H_

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace verdict {

// Parsing and tokenizing a request of 16 MB takes a second. gRPC has few threads, which read and
// write for everybody; so such requests are worked on here, each for a slice of some milliseconds
// at a time, in turn.
//
// All methods may be called from any thread. What is left when it is destroyed is not worked on any
// more.
class SlicedWork {
 public:
  // Does one slice, and tells whether there is another.
  using Slice = std::function<bool()>;

  explicit SlicedWork(int threads);
  ~SlicedWork();

  SlicedWork(const SlicedWork&) = delete;
  SlicedWork& operator=(const SlicedWork&) = delete;

  // Runs `slice` again and again until it is false; never twice at a time.
  void Add(Slice slice) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Work() ABSL_LOCKS_EXCLUDED(mutex_);
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_ || !turns_.empty(); }

  absl::Mutex mutex_;
  std::deque<Slice> turns_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_BATCHING_SLICED_WORK_H_
