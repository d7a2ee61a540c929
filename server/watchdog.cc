#include "server/watchdog.h"

#include <cstdlib>
#include <utility>

#include "latency/steady_clock.h"
#include "server/failed_accepts.h"
#include "server/log.h"

namespace verdict {
namespace {

constexpr absl::Duration kEvery = absl::Seconds(1);
constexpr absl::Duration kProbeTimeout = absl::Seconds(2);

}  // namespace

bool PortWatch::Lost(const Look& look) {
  using Outcome = PortProbe::Outcome;
  if (look.outcome == Outcome::kAnswered) starved_ = false;
  if (look.outcome == Outcome::kUnknown || look.failed_accepts != failed_accepts_) starved_ = true;
  failed_accepts_ = look.failed_accepts;
  if (look.outcome != Outcome::kSilent || !starved_) {
    silent_since_.reset();
    silent_probes_ = 0;
    return false;
  }
  if (!silent_since_.has_value()) silent_since_ = look.start;
  ++silent_probes_;
  return silent_probes_ >= kProbes && look.now - *silent_since_ >= kPatience;
}

Watchdog::Watchdog(PortProbe probe, std::function<absl::Duration()> stalled)
    : probe_(std::move(probe)), stalled_(std::move(stalled)), thread_([this] { Watch(); }) {}

Watchdog::~Watchdog() {
  stopped_.Notify();
  thread_.join();
}

void Watchdog::Watch() {
  PortWatch port;
  bool stuck = false;
  while (!stopped_.WaitFor(kEvery)) {
    LookAtEngine(&stuck);
    LookAtPort(&port);
  }
}

void Watchdog::LookAtPort(PortWatch* port) {
  PortWatch::Look look = {.start = SteadyNow()};
  look.outcome = probe_.Run(kProbeTimeout);
  look.failed_accepts = FailedAccepts();
  look.now = SteadyNow();
  if (!port->Lost(look) || stopped_.HasBeenNotified()) return;
  Log(LogLevel::kError,
      "the gRPC port does not accept any more, as after running out of files; ending",
      {{"status", kLostPortStatus}});
  FlushLog();
  std::_Exit(kLostPortStatus);
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
