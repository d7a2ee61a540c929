// The streams that wait for room, first in, first out.
#ifndef VERDICT_SERVER_BATCHING_WAITING_LINE_H_
#define VERDICT_SERVER_BATCHING_WAITING_LINE_H_

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace verdict {

// Streams whose next message does not fit wait here. Whoever gives room back only calls RoomMade; a
// thread of the line tries the streams in turn, and sleeps otherwise.
//
// All methods may be called from any thread. It must outlive those who call RoomMade. Streams that
// are still in the line when it is destroyed are not tried any more.
class WaitingLine {
 public:
  // Tries to go on; false if there is still no room. Called on the line's thread, without a lock
  // held, when room was made and this stream is the first; again at each RoomMade until it is true.
  using Turn = std::function<bool()>;

  WaitingLine();
  ~WaitingLine();

  WaitingLine(const WaitingLine&) = delete;
  WaitingLine& operator=(const WaitingLine&) = delete;

  // Whether nobody waits. A stream that comes while another waits has to wait too.
  bool empty() const { return waiting_ == 0; }

  // Gets into the line, behind all others. The first of it is tried at once, as room may have been
  // made since it found none.
  void Wait(Turn turn) ABSL_LOCKS_EXCLUDED(mutex_);

  // Somebody gave room back. Costs next to nothing while nobody waits.
  void RoomMade() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Serve() ABSL_LOCKS_EXCLUDED(mutex_);
  bool HasTurn() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || (room_made_ && !line_.empty());
  }

  std::atomic<size_t> waiting_ = 0;  // of line_, for those who do not lock
  absl::Mutex mutex_;
  std::deque<Turn> line_ ABSL_GUARDED_BY(mutex_);
  bool room_made_ ABSL_GUARDED_BY(mutex_) = false;  // since the first was tried last
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_BATCHING_WAITING_LINE_H_
