// The engine's thread, and the lock around the queue that feeds it.
#ifndef VERDICT_SERVER_BATCHING_BATCHER_H_
#define VERDICT_SERVER_BATCHING_BATCHER_H_

#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/engine.h"
#include "server/batching/forecast.h"
#include "server/batching/queue.h"
#include "server/batching/waiting_line.h"
#include "server/metrics/metric_labels.h"
#include "server/metrics/metrics.h"
#include "server/tracing/tracer.h"

namespace verdict {

// Who is told of what; each may be null.
struct BatchListeners {
  WaitingLine* line = nullptr;  // when there is room for streams
  Tracer* tracer = nullptr;     // of batches with texts whose spans are recorded
};

// Runs the engine on what waits, one batch after the other, on a thread of its own. It is greedy:
// an idle engine starts at once with whatever there is. A second thread ends what nobody waits for
// any more while the engine is busy.
//
// All methods may be called from any thread. The engine, the metrics and the listeners must outlive
// it.
//
// Every text that Submit took has its `done` run exactly once: on one of the two threads, or on the
// one that drains. It gets
//   OK                 the engine's result.
//   DEADLINE_EXCEEDED  its deadline passed while it waited, or would have before its batch was
//                      done, and it was not computed; or it passed while it was.
//   CANCELLED          its caller went away while it waited, and it was not computed; or while it
//                      was.
//   UNAVAILABLE        it still waited when the drain's time was over.
//   INTERNAL           the engine failed; only the log says how.
// `done` is run without a lock held and must not block; it may Submit.
class Batcher {
 public:
  Batcher(Engine* engine, Metrics* metrics, TextQueue::Limits limits,
          BatchListeners listeners = {});

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
  // RESOURCE_EXHAUSTED also: they will not be done before the first of their deadlines. An idle
  // engine, though, takes everything: nobody else waits, and a wrong estimate can be corrected only
  // by computing. Statuses but INVALID_ARGUMENT carry a Refusal.
  absl::Status Submit(std::vector<QueuedText>* texts) ABSL_LOCKS_EXCLUDED(mutex_);

  // Texts of which nothing else is known yet.
  struct Announced {
    const NamedCaller* caller = &AnyCaller();
    absl::Time deadline;
    int64_t texts = 1;
    bool of_stream = false;
  };

  // What Submit would return for texts of the least length: to be asked before the real ones are
  // tokenized. Texts that are refused here are counted as shed.
  //
  // UNAVAILABLE, RESOURCE_EXHAUSTED: see Submit.
  absl::Status CheckRoom(const Announced& announced) ABSL_LOCKS_EXCLUDED(mutex_);

  // Whether the next text of a stream is to be submitted: see TextQueue::StreamsHaveRoom. A server
  // that drains has room for all, to refuse them.
  bool StreamsHaveRoom(const NamedCaller& caller) const ABSL_LOCKS_EXCLUDED(mutex_);

  // How long it takes until a part, from 0 to 1, of what waits is done.
  absl::Duration TimeUntilDone(double part) const ABSL_LOCKS_EXCLUDED(mutex_);

  // For how long the engine's thread has made no progress although it has work. A batch is one
  // step.
  absl::Duration Stalled(absl::Time now) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Refuses new texts from now on and waits until all that were taken are done, at the latest until
  // `deadline`; then ends what still waits with UNAVAILABLE and returns how many that were. The
  // batch in the engine, if any, still ends as it ends.
  size_t Drain(absl::Time deadline) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // What Submit asks for, in tokens and work.
  struct Request {
    TextQueue::Request room;
    EngineWork own;   // if they were all
    EngineWork work;  // until they are done
    absl::Time deadline;
  };

  void ServeEngine() ABSL_LOCKS_EXCLUDED(mutex_);
  void SweepQueue() ABSL_LOCKS_EXCLUDED(mutex_);
  // How many tokens the engine computed; 0 if it failed.
  int64_t RunBatch(std::vector<QueuedText> texts) ABSL_LOCKS_EXCLUDED(mutex_);
  // Tells the texts, and the tracer, of the batch in which they were computed.
  void NoteBatch(const std::vector<QueuedText>& texts, EndedBatch batch);
  void EndDead(TextQueue::Popped* popped);
  void EndComputed(TextResult result, absl::Time now, QueuedText* text);
  // OK: they are taken.
  absl::Status Check(const Request& request, absl::Time now) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // Counts refused texts, and returns their status.
  absl::Status Shed(absl::Status status, int64_t texts);
  // Tells the line that a batch has left, or something else.
  void ReportRoom();
  void ReportQueue(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_ || !queue_.empty(); }
  // An idle engine is about to look at the queue itself.
  bool NeedsSweep() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || (busy_ && !queue_.empty());
  }
  bool Idle() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return queue_.empty() && !busy_ && !sweeping_;
  }

  Engine* const engine_;
  Metrics* const metrics_;
  const BatchListeners listeners_;

  mutable absl::Mutex mutex_;
  TextQueue queue_ ABSL_GUARDED_BY(mutex_);
  Forecast forecast_ ABSL_GUARDED_BY(mutex_);
  // Texts have left the queue and are not done yet: by the engine's thread, by the sweeping one.
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  bool sweeping_ ABSL_GUARDED_BY(mutex_) = false;
  // When the engine's thread last made progress, or got work after it had none.
  absl::Time moved_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread engine_thread_;
  std::thread sweep_thread_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_BATCHING_BATCHER_H_
