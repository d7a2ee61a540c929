#include "server/batching/sliced_work.h"

#include <utility>

#include "engine/threads/thread_name.h"

namespace verdict {

SlicedWork::SlicedWork(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

SlicedWork::~SlicedWork() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

void SlicedWork::Add(Slice slice) {
  absl::MutexLock lock(&mutex_);
  turns_.push_back(std::move(slice));
}

void SlicedWork::Work() {
  NameThisThread("tokenize");
  while (true) {
    Slice slice;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &SlicedWork::HasWork));
      if (stopping_) return;
      slice = std::move(turns_.front());
      turns_.pop_front();
    }
    if (slice()) Add(std::move(slice));
  }
}

}  // namespace verdict
