// When each step of a drain is over.
#ifndef VERDICT_SERVER_DRAIN_PLAN_H_
#define VERDICT_SERVER_DRAIN_PLAN_H_

#include <cstdint>

#include "absl/time/time.h"
#include "server/options.h"

namespace verdict {

// What a server does from SIGTERM to its end, in this order. It says that it is not ready
// throughout.
enum class DrainStep {
  kServe,     // serves as before; at its end come the first GOAWAYs
  kMove,      // serves those who came back; at its end it stops listening and says the last GOAWAYs
  kLeave,     // serves what was sent before the GOAWAY was read; ends streams
  kFinish,    // refuses calls, and computes those it has accepted
  kFlush,     // has ended what was not computed; the last statuses leave
  kQuiet,     // refuses those who call on connections that they should have left
  kFarewell,  // tells those who watch its health that it goes
};

// What a drain looks at.
struct DrainSeen {
  bool connected = true;                           // some client still has a connection
  int64_t accepted = 0;                            // open calls that were not refused
  bool watched = false;                            // somebody watches the health
  absl::Time last_arrival = absl::InfinitePast();  // of a call
};

// The schedule of a drain. It has no clock.
class DrainPlan {
 public:
  // A drain that begins at `start`; `goaways`: clients can be asked to leave.
  DrainPlan(const DrainTimes& times, bool goaways, absl::Time start);

  // When accepted calls are not waited for any longer.
  absl::Time deadline() const { return deadline_; }

  // The latest time for `step`, which began at `began`.
  absl::Time Latest(DrainStep step, absl::Time began) const;

  // Whether `step`, which began at `began`, is over at `now`, given what was seen then.
  bool IsOver(DrainStep step, absl::Time began, const DrainSeen& seen, absl::Time now) const;

  // A stream whose client has not read a reply since then is cancelled.
  static absl::Time StalledSince(absl::Time now);

 private:
  const bool goaways_;
  const absl::Time move_;   // the first GOAWAYs
  const absl::Time leave_;  // the last ones
  const absl::Time deadline_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_DRAIN_PLAN_H_
