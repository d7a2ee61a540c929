// One of the two lanes of the queue.
#ifndef VERDICT_SERVER_BATCHING_LANE_H_
#define VERDICT_SERVER_BATCHING_LANE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/batching/fair_turns.h"
#include "server/batching/queued_text.h"

namespace verdict {

// Texts and their tokens.
struct Amount {
  int64_t texts = 0;
  int64_t tokens = 0;

  void Add(const Amount& more) {
    texts += more.texts;
    tokens += more.tokens;
  }
};

// Texts that wait: each caller's first in, first out, and callers by FairTurns. Of one caller,
// calls and streams take turns by tokens, so that a call does not wait for all that streams have
// brought.
//
// Not synchronized.
class Lane {
 public:
  // `turns` outlives it.
  explicit Lane(const FairTurns* turns) : turns_(turns) {}

  void Push(QueuedText text);

  bool empty() const { return all_.texts == 0; }
  const Amount& amount() const { return all_; }

  // The text that is next. REQUIRES: it is not empty.
  const QueuedText& front() const { return lines_[Next()].next().texts.front(); }
  QueuedText TakeFront();

  // A batch has formed, with `batch` of this lane.
  void NoteBatch(absl::Span<const QueuedText> batch);
  // The tokens that left it in batches, the latest counting most.
  double recent_tokens() const { return recent_tokens_; }

  // Takes those of which `takes` is true, which sees all, each caller's in their order.
  void TakeIf(absl::FunctionRef<bool(QueuedText&)> takes);

  // Whether `is` of any, the latest of each caller first.
  bool Any(absl::FunctionRef<bool(const QueuedText&)> is) const;

  // When the text came that came first of those here; the infinite future if there is none.
  absl::Time Oldest() const;

  // What of this lane the engine gets through until all of `caller`, and `more` beside it, is done:
  // of others by their weights, as much as waits or, going by the latest batches, will have come.
  // `more` are of a stream or none is.
  Amount UntilDone(const NamedCaller& caller, const Amount& more, bool of_stream) const;

  // What of it the engine gets through while it does `tokens` of `caller` in the other lane.
  Amount Beside(const NamedCaller& caller, int64_t tokens) const;

 private:
  // Those of calls, or of streams.
  struct Kind {
    std::deque<QueuedText> texts;
    int64_t tokens = 0;

    Amount amount() const { return {static_cast<int64_t>(texts.size()), tokens}; }
  };

  struct Line {
    const NamedCaller* caller;
    Kind calls = {};
    Kind streams = {};
    // How many more tokens calls have had than streams while both waited.
    int64_t lead = 0;
    double recent_tokens = 0;  // as the lane's

    bool empty() const { return calls.texts.empty() && streams.texts.empty(); }
    Amount amount() const {
      Amount all = calls.amount();
      all.Add(streams.amount());
      return all;
    }
    const Kind& of(bool stream) const { return stream ? streams : calls; }
    Kind& of(bool stream) { return stream ? streams : calls; }
    bool streams_next() const {
      return calls.texts.empty() || (!streams.texts.empty() && lead > 0);
    }
    const Kind& next() const { return of(streams_next()); }
  };

  // Of whoever is next. REQUIRES: it is not empty.
  size_t Next() const;
  Line& LineOf(const NamedCaller& caller);
  void TakeIf(absl::FunctionRef<bool(QueuedText&)> takes, Kind* kind);
  // Null: the caller has never come.
  const Line* FindLine(const NamedCaller& caller) const;

  const FairTurns* const turns_;
  std::vector<Line> lines_;  // of those who have ever come
  Amount all_;
  double recent_tokens_ = 0;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_BATCHING_LANE_H_
