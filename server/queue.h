// The policy of what waits for the engine, in what order it is computed, and what never is.
#ifndef VERDICT_SERVER_QUEUE_H_
#define VERDICT_SERVER_QUEUE_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace verdict {

// What the engine made of one text.
struct TextResult {
  std::vector<float> logits;  // one a label
  absl::Duration queue;       // from Push to the start of its batch
  absl::Duration inference;   // of the whole batch that held it
};

// One tokenized text that waits for the engine.
struct QueuedText {
  std::vector<int32_t> input_ids;
  // When the caller stops waiting.
  absl::Time deadline = absl::InfiniteFuture();
  // Set by any thread when nobody waits any more, to the code that tells why: CANCELLED or
  // DEADLINE_EXCEEDED. Until then OK. Outlives the run of `done`. May be null.
  const std::atomic<absl::StatusCode>* abandoned = nullptr;
  // The end of this text's way; whoever owns the text runs it exactly once.
  std::function<void(absl::StatusOr<TextResult>)> done;
  // Set by TextQueue::Push.
  absl::Time queued_at;

  int64_t tokens() const { return static_cast<int64_t>(input_ids.size()); }
};

// A first-in-first-out queue whose work is counted in tokens, because that is what the engine's
// time grows with.
//
// A batch is what waits, up to a number of tokens: it forms while the engine is busy and never
// waits for company. Not synchronized, and it has no clock: see Batcher.
class TextQueue {
 public:
  struct Limits {
    // The most tokens of one batch, unless its first text alone has more. More than about 128 a
    // thread gain no speed, and make those wait longer who come while the batch is computed.
    int64_t max_batch_tokens = 512;
    // The most tokens that wait. At the engine's pace this is the longest time in the queue.
    int64_t max_queue_tokens = 131072;
  };

  explicit TextQueue(Limits limits) : limits_(limits) {}

  // Takes all of `*texts` (and leaves it empty) iff OK, else none of them.
  //
  // RESOURCE_EXHAUSTED: they do not fit now. INVALID_ARGUMENT: they would not fit into an empty
  // queue, so that trying again is pointless.
  absl::Status Push(std::vector<QueuedText>* texts, absl::Time now);

  struct Popped {
    std::vector<QueuedText> batch;  // in the order of Push; at least one if any text waits
    // What nobody waits for any more, from the whole queue.
    std::vector<QueuedText> expired;
    std::vector<QueuedText> cancelled;
  };

  // The next batch. A text whose deadline is not after `now`, or that is abandoned, is never in it.
  Popped Pop(absl::Time now);

  // Everything that waits; the queue is empty then.
  std::vector<QueuedText> TakeAll();

  bool empty() const { return texts_.empty(); }
  int64_t texts() const { return static_cast<int64_t>(texts_.size()); }
  int64_t tokens() const { return tokens_; }

 private:
  void TakeDead(absl::Time now, Popped* popped);

  const Limits limits_;
  std::deque<QueuedText> texts_;
  int64_t tokens_ = 0;  // of texts_
};

}  // namespace verdict

#endif  // VERDICT_SERVER_QUEUE_H_
