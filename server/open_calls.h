// The calls of the service that are open, and the door that a drain closes.
#ifndef VERDICT_SERVER_OPEN_CALLS_H_
#define VERDICT_SERVER_OPEN_CALLS_H_

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"

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

  // Waits until no call is open that came before it drained, at the latest until `deadline`.
  void AwaitAccepted(absl::Time deadline) const;

  // Waits until no call has come for `quiet`, at the latest until `deadline`.
  void AwaitQuiet(absl::Duration quiet, absl::Time deadline) const;

 private:
  std::atomic<int64_t> accepted_ = 0;  // of those that are open
  std::atomic<int64_t> arrived_ = 0;   // since the start
  std::atomic<bool> draining_ = false;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_OPEN_CALLS_H_
