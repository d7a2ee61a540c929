#include "server/process/watchdog.h"

#include <utility>

#include "engine/threads/thread_name.h"
#include "server/log/log.h"

namespace verdict {
namespace {

constexpr absl::Duration kEvery = absl::Seconds(1);

}  // namespace

Watchdog::Watchdog(std::function<absl::Duration()> stalled)
    : stalled_(std::move(stalled)), thread_([this] { Watch(); }) {}

Watchdog::~Watchdog() {
  stopped_.Notify();
  thread_.join();
}

void Watchdog::Watch() {
  NameThisThread("watchdog");
  bool stuck = false;
  while (!stopped_.WaitFor(kEvery)) LookAtEngine(&stuck);
}

void Watchdog::LookAtEngine(bool* stuck) {
  const absl::Duration stalled = stalled_();
  if ((stalled >= kEnginePatience) == *stuck) return;
  *stuck = !*stuck;
  if (*stuck) {
    Log(LogLevel::kError, "the engine does not move, though it has work; /healthz says so",
        {{"seconds", absl::ToDoubleSeconds(stalled)}});
  } else {
    Log(LogLevel::kInfo, "the engine moves again");
  }
}

}  // namespace verdict
