// The open streams.
#ifndef VERDICT_SERVER_TRANSPORT_OPEN_STREAMS_H_
#define VERDICT_SERVER_TRANSPORT_OPEN_STREAMS_H_

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace verdict {

// What can be done to an open stream. All methods may be called from any thread.
class OpenStream {
 public:
  virtual ~OpenStream() = default;

  // Decides that it ends with `status`, unless its end is decided already. Open messages are
  // answered first.
  virtual void Fail(const absl::Status& status) = 0;

  // Cancels the call, if a reply has been waiting since `since` or longer for its client to read.
  // Returns whether it did; at most once. The caller must keep the stream alive.
  virtual bool CancelIfStalled(absl::Time since) = 0;

  virtual absl::Time opened() const = 0;
};

// Knows all streams, so that a drain can end them: one that waits for its client would not end by
// itself.
//
// All methods may be called from any thread. It must outlive the streams.
class OpenStreams {
 public:
  OpenStreams() = default;

  OpenStreams(const OpenStreams&) = delete;
  OpenStreams& operator=(const OpenStreams&) = delete;

  // False, once it drains: then `stream` is not taken.
  bool Add(const std::shared_ptr<OpenStream>& stream) ABSL_LOCKS_EXCLUDED(mutex_);
  void Remove(OpenStream* stream) ABSL_LOCKS_EXCLUDED(mutex_);

  // From now on no stream is read. Each writes the replies to what was read of it, and ends with
  // UNAVAILABLE; this does not wait for that.
  void Drain() ABSL_LOCKS_EXCLUDED(mutex_);

  // Cancels the streams whose clients have not read since `since`, and counts them.
  int CancelStalled(absl::Time since) ABSL_LOCKS_EXCLUDED(mutex_);

  // Ends, as Drain does, the streams that were opened before `time`, so that their clients open
  // others. To be called now and then.
  void EndOpenedBefore(absl::Time time) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // A stream that is in here can end at any time, but is not freed.
  std::vector<std::shared_ptr<OpenStream>> Alive() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  absl::flat_hash_map<OpenStream*, std::weak_ptr<OpenStream>> streams_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TRANSPORT_OPEN_STREAMS_H_
