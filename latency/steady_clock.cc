#include "latency/steady_clock.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace verdict {
namespace {

constexpr absl::Duration kLookEvery = absl::Milliseconds(5);

// The wall clock as the kernel and gRPC have it. absl::Now() counts on from an earlier reading for
// some two seconds: after a step, deadlines would be off by that step for as long.
absl::Time WallNow() { return absl::FromChrono(std::chrono::system_clock::now()); }

}  // namespace

absl::Time SteadyNow() {
  return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

absl::Time SteadyTime(std::chrono::system_clock::time_point wall) {
  const absl::Time time = absl::FromChrono(wall);
  // gRPC's "no deadline" is the last time that its clock can tell.
  if (wall == std::chrono::system_clock::time_point::max()) return absl::InfiniteFuture();
  return SteadyNow() + (time - WallNow());
}

std::chrono::system_clock::time_point WallTime(absl::Time steady) {
  if (steady == absl::InfiniteFuture()) return std::chrono::system_clock::time_point::max();
  return absl::ToChronoTime(WallNow() + (steady - SteadyNow()));
}

bool LookUntil(absl::FunctionRef<bool()> done, absl::Time deadline) {
  while (!done()) {
    const absl::Duration left = deadline - SteadyNow();
    if (left <= absl::ZeroDuration()) return false;
    absl::SleepFor(std::min(kLookEvery, left));
  }
  return true;
}

}  // namespace verdict
