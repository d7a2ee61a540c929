#include "server/drain_plan.h"

#include <algorithm>

namespace verdict {
namespace {

// For a GOAWAY's ping and the calls that cross it: more than a round trip around the world.
constexpr absl::Duration kLeave = absl::Seconds(2);

// After --drain-timeout, for the last statuses to leave: of texts that were ended then, or of the
// batch that was in the engine.
constexpr absl::Duration kFlush = absl::Milliseconds(500);

// Calls are refused until nobody has called for kQuiet, but not for longer than kMostQuiet; nor for
// so long that the end is later than --drain-timeout and one second.
constexpr absl::Duration kQuiet = absl::Milliseconds(100);
constexpr absl::Duration kMostQuiet = absl::Seconds(1);
constexpr absl::Duration kLastQuiet = absl::Milliseconds(700);

// Then for those who watch our health to learn that it ends, if they read.
constexpr absl::Duration kFarewell = absl::Milliseconds(500);
constexpr absl::Duration kLastFarewell = absl::Milliseconds(850);

constexpr absl::Duration kReaderPatience = absl::Seconds(2);

}  // namespace

DrainPlan::DrainPlan(const DrainTimes& times, bool goaways, absl::Time start)
    : goaways_(goaways),
      move_(start + times.delay / 2),
      leave_(start + times.delay),
      deadline_(leave_ + times.timeout) {}

absl::Time DrainPlan::Latest(DrainStep step, absl::Time began) const {
  switch (step) {
    case DrainStep::kServe:
      return goaways_ ? move_ : leave_;
    case DrainStep::kMove:
      return leave_;
    case DrainStep::kLeave:
      return goaways_ ? std::min(leave_ + kLeave, deadline_) : leave_;
    case DrainStep::kFinish:
      return deadline_;
    case DrainStep::kFlush:
      return deadline_ + kFlush;
    case DrainStep::kQuiet:
      return std::min(began + kMostQuiet, deadline_ + kLastQuiet);
    case DrainStep::kFarewell:
      return std::min(began + kFarewell, deadline_ + kLastFarewell);
  }
  return began;
}

bool DrainPlan::IsOver(DrainStep step, absl::Time began, const DrainSeen& seen,
                       absl::Time now) const {
  if (now >= Latest(step, began)) return true;
  const bool all_left = goaways_ && !seen.connected;
  switch (step) {
    case DrainStep::kServe:
    case DrainStep::kMove:
      return false;
    case DrainStep::kLeave:
      return all_left;
    case DrainStep::kFinish:
    case DrainStep::kFlush:
      return seen.accepted == 0;
    case DrainStep::kQuiet:
      return all_left || now - std::max(began, seen.last_arrival) >= kQuiet;
    case DrainStep::kFarewell:
      return !seen.watched;
  }
  return true;
}

absl::Time DrainPlan::StalledSince(absl::Time now) { return now - kReaderPatience; }

}  // namespace verdict
