// The clock by which both programs measure, wait and give up. It never jumps.
#ifndef VERDICT_LATENCY_STEADY_CLOCK_H_
#define VERDICT_LATENCY_STEADY_CLOCK_H_

#include <chrono>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"

namespace verdict {

// The time on the steady clock (CLOCK_MONOTONIC): when the wall clock is set, it goes on as before.
// It is an absl::Time for the sake of the arithmetic, but no date: compare it only with other times
// of this clock in this process. A date, such as a certificate's expiry, is absl::Now()'s.
//
// For waiting: absl::SleepFor and untimed absl::Mutex::Await are safe. The timed waits of the
// abseil that Debian ships (20220623) are not, since they sleep until a time of the wall clock; use
// SteadyNotification or LookUntil.
absl::Time SteadyNow();

// The same moment on the other clock, as both are now: for deadlines, which gRPC gives and takes as
// times of the wall clock and keeps on the steady one. The infinite future stays what it is.
absl::Time SteadyTime(std::chrono::system_clock::time_point wall);
std::chrono::system_clock::time_point WallTime(absl::Time steady);

// Looks every few milliseconds whether it is `done`, until `deadline`; whether it was. For what is
// awaited so seldom, such as the end of a drain, that those who bring it about should not have to
// wake anybody.
bool LookUntil(absl::FunctionRef<bool()> done, absl::Time deadline);

}  // namespace verdict

#endif  // VERDICT_LATENCY_STEADY_CLOCK_H_
