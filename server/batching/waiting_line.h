// The streams that wait for room: those of each caller first in, first out.
#ifndef VERDICT_SERVER_BATCHING_WAITING_LINE_H_
#define VERDICT_SERVER_BATCHING_WAITING_LINE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/metrics/named_caller.h"

namespace verdict {

// Streams whose next message does not fit wait here. Whoever gives room back only calls RoomMade; a
// thread of the line tries the streams in turn, and sleeps otherwise.
//
// All methods may be called from any thread. It must outlive those who call RoomMade. Streams that
// are still in the line when it is destroyed are not tried any more.
class WaitingLine {
 public:
  // Tries to go on; false if there is still no room. Called on the line's thread, without a lock
  // held, when room was made and this stream is the first of its caller; again at each RoomMade
  // until it is true.
  using Turn = std::function<bool()>;

  WaitingLine();
  ~WaitingLine();

  WaitingLine(const WaitingLine&) = delete;
  WaitingLine& operator=(const WaitingLine&) = delete;

  // Whether nobody waits.
  bool empty() const { return waiting_ == 0; }

  // Whether no stream of the caller with this index waits. One that comes while another waits has
  // to wait too.
  bool empty(size_t caller) const { return waiting_of_[caller] == 0; }

  // Gets into the line, behind all others of its caller. The first is tried at once, as room may
  // have been made since it found none.
  void Wait(size_t caller, Turn turn) ABSL_LOCKS_EXCLUDED(mutex_);

  // Somebody gave room back. Costs next to nothing while nobody waits.
  void RoomMade() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Serve() ABSL_LOCKS_EXCLUDED(mutex_);
  bool HasTurn() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || (room_made_ && waiting_ > 0);
  }
  // The first of the caller's line goes on if it can.
  bool Try(size_t caller) ABSL_LOCKS_EXCLUDED(mutex_);

  // How many wait, for those who do not lock.
  std::atomic<size_t> waiting_ = 0;
  std::array<std::atomic<size_t>, kMostCallers> waiting_of_ = {};
  absl::Mutex mutex_;
  std::array<std::deque<Turn>, kMostCallers> lines_ ABSL_GUARDED_BY(mutex_);
  bool room_made_ ABSL_GUARDED_BY(mutex_) = false;  // since they were tried last
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_BATCHING_WAITING_LINE_H_
