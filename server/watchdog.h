// Sees when the server looks alive and is not.
#ifndef VERDICT_SERVER_WATCHDOG_H_
#define VERDICT_SERVER_WATCHDOG_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <thread>

#include "absl/time/time.h"
#include "latency/steady_notification.h"
#include "server/port_probe.h"

namespace verdict {

// Decides when a port is lost. A gRPC 1.51 server that once runs out of descriptors gives its
// listener up: after that nobody accepts, while the kernel goes on connecting until its backlog is
// full, for ever. Seen with `ulimit -n 128` and 300 connections.
//
// Not thread-safe; it knows no clock.
class PortWatch {
 public:
  // What is seen of the server after a probe that began at `start` and is over at `now`.
  struct Look {
    PortProbe::Outcome outcome = PortProbe::Outcome::kUnknown;
    int64_t failed_accepts = 0;  // since the process started
    absl::Time start;
    absl::Time now;
  };

  // Four probes in a row, and ten seconds: longer than any load has ever delayed an accept, and
  // short enough to be gone 15 s after the descriptors have come back.
  static constexpr absl::Duration kPatience = absl::Seconds(10);
  static constexpr int kProbes = 4;

  // Whether the port is lost: files had run out, an accept failed or a probe found none left, and
  // since then nobody was accepted. Silence alone says nothing: a server that is
  // busy is silent too. A probe that could not be made does not either: those who are connected are
  // served, and to end would end them.
  bool Lost(const Look& look);

 private:
  bool starved_ = false;  // of files, and not accepted since
  int64_t failed_accepts_ = 0;
  std::optional<absl::Time> silent_since_;
  int silent_probes_ = 0;
};

// How long the engine may work on one batch, or leave texts that wait alone, until it counts as
// stuck: /healthz says so then, and whoever restarts servers restarts this one.
inline constexpr absl::Duration kEnginePatience = absl::Seconds(30);

// A thread that probes the port every second, and looks after the engine. When the port is lost it
// says so in the log and ends the process with kLostPortStatus: a new one accepts.
class Watchdog {
 public:
  static constexpr int kLostPortStatus = 3;

  // `stalled` says for how long the engine has not moved though it has work; it is called from the
  // thread.
  Watchdog(PortProbe probe, std::function<absl::Duration()> stalled);
  ~Watchdog();

  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // From now on it ends nothing; from any thread.
  void Stop() { stopped_.Notify(); }

 private:
  void Watch();
  void LookAtPort(PortWatch* port);
  void LookAtEngine(bool* stuck);

  const PortProbe probe_;
  const std::function<absl::Duration()> stalled_;
  SteadyNotification stopped_;
  std::thread thread_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_WATCHDOG_H_
