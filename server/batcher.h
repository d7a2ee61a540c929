// The engine's thread, and the lock around the queue that feeds it.
#ifndef VERDICT_SERVER_BATCHER_H_
#define VERDICT_SERVER_BATCHER_H_

#include <cstddef>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/engine.h"
#include "server/metrics.h"
#include "server/queue.h"

namespace verdict {

// Runs the engine on what waits, one batch after the other, on a thread of its own. It is greedy:
// an idle engine starts at once with whatever there is.
//
// All methods may be called from any thread. The engine and the metrics must outlive it.
//
// Every text that Submit took has its `done` run exactly once: on the engine's thread, or on the
// one that drains. It gets
//   OK                 the engine's result.
//   DEADLINE_EXCEEDED  its deadline passed while it waited; it was not computed.
//   CANCELLED          its caller went away while it waited; likewise.
//   UNAVAILABLE        it still waited when the drain's time was over.
//   INTERNAL           the engine failed; only the log says how.
// `done` is run without a lock held and must not block; it may Submit.
class Batcher {
 public:
  Batcher(Engine* engine, Metrics* metrics, TextQueue::Limits limits);

  // Ends what still waits with UNAVAILABLE, and waits for the batch in the engine. Nothing may be
  // submitted any more.
  ~Batcher();

  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // Takes all of `*texts` iff OK; then each one's `done` runs exactly once, perhaps before this
  // returns. They enter the queue together, so that an idle engine does not start on the first
  // alone.
  //
  // UNAVAILABLE: draining. RESOURCE_EXHAUSTED, INVALID_ARGUMENT: see TextQueue::Push.
  absl::Status Submit(std::vector<QueuedText>* texts) ABSL_LOCKS_EXCLUDED(mutex_);

  // Refuses new texts from now on and waits until all that were taken are done, at the latest until
  // `deadline`; then ends what still waits with UNAVAILABLE and returns how many that were. The
  // batch in the engine, if any, still ends as it ends.
  size_t Drain(absl::Time deadline) ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits until nobody has been refused for `quiet`, at the latest until `deadline`. REQUIRES: it
  // drains.
  void AwaitQuiet(absl::Duration quiet, absl::Time deadline) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void ServeEngine() ABSL_LOCKS_EXCLUDED(mutex_);
  void RunBatch(std::vector<QueuedText> texts);
  void EndDead(TextQueue::Popped* popped);
  void ReportQueue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_ || !queue_.empty(); }
  bool Idle() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return queue_.empty() && !busy_; }

  Engine* const engine_;
  Metrics* const metrics_;

  absl::Mutex mutex_;
  TextQueue queue_ ABSL_GUARDED_BY(mutex_);
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;  // texts have left the queue and are not done yet
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  // When a text was refused last because it drains; when it began, if none was.
  absl::Time last_refusal_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread engine_thread_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_BATCHER_H_
