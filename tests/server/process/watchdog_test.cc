#include "server/process/watchdog.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/time/time.h"

namespace verdict {
namespace {

TEST(WatchdogTest, LooksAgainAndAgain) {
  std::atomic<int> looks = 0;
  const Watchdog watchdog([&looks] {
    ++looks;
    return absl::ZeroDuration();
  });
  while (looks < 2) std::this_thread::yield();
}

}  // namespace
}  // namespace verdict
