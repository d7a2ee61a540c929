// Counts the open calls of the service; a drain makes it refuse new ones.
#ifndef VERDICT_SERVER_BATCHING_OPEN_CALLS_H_
#define VERDICT_SERVER_BATCHING_OPEN_CALLS_H_

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"

namespace verdict {

// Counts calls from their arrival until nothing of them is left to send, and refuses new ones once
// it drains.
//
// All methods may be called from any thread. It must outlive the calls.
class OpenCalls {
 public:
  // One call's place in the count, for as long as the call lives.
  class Place {
   public:
    explicit Place(OpenCalls* calls);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    OpenCalls* const calls_;
    const bool accepted_;
  };

  // UNAVAILABLE: it drains, and a call that comes is to be refused.
  absl::Status CheckOpen() const;

  // Refuses new calls from now on.
  void Drain() { draining_ = true; }

  // How many calls are open that came before it drained.
  int64_t accepted() const { return accepted_; }

  // How many calls have come since the start.
  int64_t arrived() const { return arrived_; }

 private:
  std::atomic<int64_t> accepted_ = 0;
  std::atomic<int64_t> arrived_ = 0;
  std::atomic<bool> draining_ = false;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_BATCHING_OPEN_CALLS_H_
