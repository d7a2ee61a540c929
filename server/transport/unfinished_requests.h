// Bounds how many requests may arrive slowly.
#ifndef VERDICT_SERVER_TRANSPORT_UNFINISHED_REQUESTS_H_
#define VERDICT_SERVER_TRANSPORT_UNFINISHED_REQUESTS_H_

#include <cstddef>
#include <functional>
#include <list>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "latency/steady_notification.h"

namespace verdict {

// gRPC holds what has come of a message until the rest has, and tells nobody how much that is: up
// to a largest message for each call. So of the requests that take longer than kPatience, only so
// many may be on their way as have room together; of more, those end that began first. A request of
// usual size comes with its headers and is never slow.
//
// All methods may be called from any thread.
class UnfinishedRequests {
 public:
  // A largest message takes this long over a fast network.
  static constexpr absl::Duration kPatience = absl::Milliseconds(100);

  struct Request {
    absl::Time began;
    std::function<void(const absl::Status&)> give_up;
    bool given_up = false;
  };
  using Place = std::list<Request>::iterator;

  explicit UnfinishedRequests(size_t most_slow);
  ~UnfinishedRequests();

  UnfinishedRequests(const UnfinishedRequests&) = delete;
  UnfinishedRequests& operator=(const UnfinishedRequests&) = delete;

  // A request is awaited from now on, until Came. If there are too many slow ones, `give_up` is run
  // on a thread of this class, with RESOURCE_EXHAUSTED, which carries a Refusal.
  Place Await(std::function<void(const absl::Status&)> give_up) ABSL_LOCKS_EXCLUDED(mutex_);

  // It came, or never will. False: `give_up` was run for it, or will be. Exactly once.
  bool Came(Place place) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Watch() ABSL_LOCKS_EXCLUDED(mutex_);
  bool MayBeTooMany() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || awaited_.size() > most_slow_;
  }
  // Those to give up now.
  std::list<std::function<void(const absl::Status&)>> TooMany() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status TooSlow() const;

  const size_t most_slow_;
  absl::Mutex mutex_;
  std::list<Request> awaited_ ABSL_GUARDED_BY(mutex_);   // in the order of their beginnings
  std::list<Request> given_up_ ABSL_GUARDED_BY(mutex_);  // until they say Came
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  SteadyNotification stopped_;
  std::thread thread_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TRANSPORT_UNFINISHED_REQUESTS_H_
