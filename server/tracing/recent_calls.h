// The calls of the last minutes that somebody may ask about.
#ifndef VERDICT_SERVER_TRACING_RECENT_CALLS_H_
#define VERDICT_SERVER_TRACING_RECENT_CALLS_H_

#include <array>
#include <cstddef>
#include <deque>
#include <vector>

#include "absl/time/time.h"
#include "server/tracing/call_record.h"

namespace verdict {

// Keeps the slowest calls of the last five minutes, the current one counted from its start, and the
// calls that failed last. A whole stream is never slow: it lasts as long as its caller likes. Each
// list holds kMost at most, so that the memory is bounded whatever callers do.
//
// Not thread-safe; it knows no clock. Times must not go back.
class RecentCalls {
 public:
  static constexpr size_t kMost = 32;
  static constexpr absl::Duration kMinute = absl::Minutes(1);
  static constexpr size_t kMinutes = 5;

  // Keeps `record`, if it is one of the slowest or of those that failed last. When the failed ones
  // are full, the oldest of the code that has most of them makes room: a flood of refusals does not
  // hide an engine that fails.
  void Add(CallRecord record, absl::Time now);

  // What a call has to take longer than to be among the slowest of its minute, and until when that
  // holds: for whoever wants to know it at no cost.
  struct Floor {
    absl::Duration total;
    absl::Time until = absl::InfinitePast();
  };
  const Floor& floor() const { return floor_; }

  // The slowest first; the one that failed last first.
  std::vector<CallRecord> Slowest(absl::Time now) const;
  std::vector<CallRecord> LastFailed() const;

 private:
  // The slowest of one minute, the least slow one at the front: a heap.
  struct Minute {
    absl::Time start = absl::InfinitePast();
    std::vector<CallRecord> calls;
  };

  void AddSlow(CallRecord record, absl::Time now);
  void AddFailed(CallRecord record);

  std::array<Minute, kMinutes> minutes_;
  size_t current_ = 0;  // of minutes_
  Floor floor_;
  std::deque<CallRecord> failed_;  // in the order of their ends
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TRACING_RECENT_CALLS_H_
