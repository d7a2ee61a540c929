#include "server/watchdog.h"

#include <cstdlib>
#include <utility>

#include "latency/steady_clock.h"
#include "server/log.h"

namespace verdict {
namespace {

constexpr absl::Duration kEvery = absl::Seconds(1);
constexpr absl::Duration kProbeTimeout = absl::Seconds(2);

}  // namespace

bool PortWatch::Lost(PortProbe::Outcome outcome, absl::Time start, absl::Time now) {
  if (outcome != PortProbe::Outcome::kSilent) {
    silent_since_.reset();
    silent_probes_ = 0;
    return false;
  }
  if (!silent_since_.has_value()) silent_since_ = start;
  ++silent_probes_;
  return silent_probes_ >= kProbes && now - *silent_since_ >= kPatience;
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
  const absl::Time start = SteadyNow();
  const PortProbe::Outcome outcome = probe_.Run(kProbeTimeout);
  if (!port->Lost(outcome, start, SteadyNow()) || stopped_.HasBeenNotified()) return;
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
