// The policy of the queue: which texts wait for the engine, in which order they are computed, and
// which never are.
#ifndef VERDICT_SERVER_BATCHING_QUEUE_H_
#define VERDICT_SERVER_BATCHING_QUEUE_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/batching/fair_turns.h"
#include "server/batching/lane.h"
#include "server/batching/queued_text.h"
#include "server/batching/token_rate.h"

namespace verdict {

// The texts that wait, in two lanes: short texts, of up to a quarter of a batch, and long ones.
// Both are first in, first out, and while both wait, they take turns: one leads a batch, the other
// fills the room that is left, if its front fits. So a short text waits for at most one batch of
// long ones beside those that came before it in its lane, and a long one likewise. Work is counted
// in tokens, because that is what the engine's time grows with.
//
// Where several callers have texts waiting, "first in" holds for each of them, and FairTurns says
// whose is next, in a lane, and between lanes. Each may have its part of the waiting tokens.
//
// A batch takes what waits, up to a number of tokens. It forms while the engine is busy; it never
// waits for more texts to come. Not synchronized, and it has no clock: see Batcher.
class TextQueue {
 public:
  struct Limits {
    // The most tokens of one batch, unless its first text alone has more. More than some 200 a
    // thread gain no speed, and make those wait longer who come while the batch is computed.
    int64_t max_batch_tokens = 512;
    // The most tokens that wait, those of streams not counted. At the engine's pace this is the
    // longest time in the queue.
    int64_t max_queue_tokens = 131072;
  };

  explicit TextQueue(Limits limits)
      : limits_(limits),
        turns_(kCreditBatches * static_cast<double>(limits.max_batch_tokens) /
               NamedCaller::kInteractive) {}

  // What Push would be asked to take.
  struct Request {
    const NamedCaller* caller = &AnyCaller();
    int64_t tokens = 0;
    bool of_stream = false;
  };

  // Whether `request` can be pushed. Codes are Push's.
  absl::Status CheckRoom(const Request& request) const;

  // Whether streams of a caller should be read on: they have less than a batch waiting. So they can
  // fill every batch, and whoever else comes finds no more than one of theirs ahead. It binds
  // nobody: Push takes their texts always.
  bool StreamsHaveRoom(const NamedCaller& caller = AnyCaller()) const {
    return waiting_[caller.index()].of_streams <
           std::min(limits_.max_batch_tokens, limits_.max_queue_tokens);
  }

  // What the engine has to do until so many more tokens fit.
  EngineWork WorkUntilRoom(const Request& request) const;

  // Takes all of `*texts` (and leaves it empty) iff OK, else none of them. All are of one caller,
  // and all of a stream or none.
  //
  // RESOURCE_EXHAUSTED: they do not fit now. INVALID_ARGUMENT: they would not fit into an empty
  // queue, so that trying again is pointless.
  absl::Status Push(std::vector<QueuedText>* texts, absl::Time now);

  struct Popped {
    std::vector<QueuedText> batch;  // in the order of Push in each lane; at least one if any waits
    int64_t tokens = 0;             // of the batch
    // From the whole queue: texts that nobody waits for any more, and texts that would be late.
    std::vector<QueuedText> expired;
    std::vector<QueuedText> cancelled;
  };

  // The next batch. A text whose deadline is not after `now`, or that is abandoned, is never in it.
  //
  // Nor is one whose deadline is before `batch_end`, when a full batch would be done, as long as a
  // full batch waits without it, and somebody in it who has more time: the engine's time goes to a
  // text that can use it. (With less waiting, it costs nobody anything to try: the batch is
  // smaller, and so done earlier. And where all would be late, none can use another's place.)
  Popped Pop(absl::Time now, absl::Time batch_end = absl::InfinitePast());

  // Takes only texts that have expired or are abandoned: `batch` is empty.
  Popped TakeDead(absl::Time now);

  // Everything that waits; the queue is empty then.
  std::vector<QueuedText> TakeAll();

  // What the engine would have to get through at least if `texts` were all.
  EngineWork OwnWork(const std::vector<QueuedText>& texts) const;

  // What the engine has to get through until `texts`, pushed now, are all done.
  EngineWork WorkUntilDone(const std::vector<QueuedText>& texts) const;

  // The same for a text of unknown length, which is taken to be of the least length.
  EngineWork LeastWorkUntilDone(const NamedCaller& caller = AnyCaller(),
                                bool of_stream = false) const;

  // All that waits.
  EngineWork WorkWaiting() const;

  // For how long the text that came first of those that wait has; zero if none does.
  absl::Duration OldestAge(absl::Time now) const;

  bool empty() const { return texts() == 0; }
  int64_t texts() const { return short_.amount().texts + long_.amount().texts; }
  int64_t tokens() const { return short_.amount().tokens + long_.amount().tokens; }

 private:
  // Of an interactive caller of the mean share: some half a second of the engine's time.
  static constexpr double kCreditBatches = 8;

  // Tokens of a caller.
  struct Waiting {
    int64_t of_calls = 0;
    int64_t of_streams = 0;
  };

  bool IsShort(const QueuedText& text) const {
    return text.tokens() <= limits_.max_batch_tokens / 4;
  }
  // The most tokens of calls that may wait.
  int64_t RoomOf(const NamedCaller& caller) const;
  EngineWork WorkUntilEmpty(const Lane& lane, const Amount& own, const Lane& other,
                            const Amount& others) const;
  bool LongLeads() const;
  void Fill(absl::Time batch_end, Lane* lane, Popped* popped);
  // A text has come, or with a negative number, left.
  void Count(const QueuedText& text, int64_t tokens);

  const Limits limits_;
  FairTurns turns_;
  Lane short_{&turns_};
  Lane long_{&turns_};
  std::array<Waiting, kMostCallers> waiting_ = {};
  bool long_leads_ = false;  // the next batch, if both lanes wait
};

}  // namespace verdict

#endif  // VERDICT_SERVER_BATCHING_QUEUE_H_
