// Sends a load to a server.
#ifndef VERDICT_CLIENT_LOAD_GENERATOR_H_
#define VERDICT_CLIENT_LOAD_GENERATOR_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "client/load/call.h"
#include "client/load/connections.h"
#include "client/load/expected_replies.h"
#include "client/load/mix.h"
#include "client/load/random_numbers.h"
#include "client/load/recorder.h"
#include "client/load/requests.h"
#include "client/load/schedule.h"
#include "client/load/streams.h"
#include "client/retry_policy.h"
#include "latency/histogram.h"

namespace verdict {

struct LoadGeneratorOptions {
  // Of each call.
  absl::Duration timeout = absl::Seconds(1);
  bool wait_for_ready = false;
  int attempts = 1;

  // A closed loop: as fast as so many calls in flight are answered; 0 for an open loop, which
  // starts calls when its schedule says so.
  size_t concurrency = 0;
  absl::Duration closed_loop_duration = absl::InfiniteDuration();
  std::optional<uint64_t> closed_loop_requests = std::nullopt;

  size_t max_in_flight = SIZE_MAX;  // in an open loop: the others wait, and are timed nevertheless
  absl::Duration cancel_after = absl::Milliseconds(10);
};

// How well the generator kept to its schedule: what it could not do is no fault of the server's.
struct GeneratorHealth {
  LatencyHistogram lag;       // of calls not held back, from the intended start to the real one
  uint64_t held_back = 0;     // calls that waited because of max_in_flight
  size_t most_in_flight = 0;  // calls and messages
  absl::Duration cpu_time;    // of this process, for the whole load
};

// Paces calls in the thread that calls Run, and nothing else runs there: what ends on gRPC's
// threads is only stamped with the time, and comes back to be counted.
//
// The deadline of a call or a message is its intended start plus the timeout, so a caller's
// patience begins when the caller does: a call that starts late has less time left, one that starts
// too late none.
//
// Not thread-safe. Everything that it is given must outlive it.
class LoadGenerator {
 public:
  struct Work {
    const LoadConnections* connections = nullptr;
    const LoadRequests* requests = nullptr;
    const ExpectedReplies* expected = nullptr;  // if replies are to be checked
    LoadMix* mix = nullptr;
    LoadSchedule* schedule = nullptr;  // not in a closed loop
    LoadRecorder* recorder = nullptr;
  };

  LoadGenerator(LoadGeneratorOptions options, Work work);

  // Sends the load and waits until every call has ended. `tick` is called about ten times a second
  // with the time since the start; once it returns false no further call starts.
  void Run(const std::function<bool(absl::Duration elapsed)>& tick);

  const GeneratorHealth& health() const { return health_; }
  size_t in_flight() const { return in_flight_; }

 private:
  // Something to do with a call at a time to come, unless it has ended by then.
  struct Appointment {
    enum class Kind { kCancel, kRetry, kExpire } kind;
    LoadCall* call;
    uint64_t generation;
  };

  absl::Duration Now() const;

  // The call that is to start now, if any is.
  std::optional<IntendedStart> TakeDue(absl::Duration now);
  void StartDue();
  void Start(const IntendedStart& start, absl::Duration now);
  void Send(LoadCall* call);
  void SendCall(LoadCall* call);
  void SendMessage(LoadCall* call);
  LoadCall* NewCall();
  void CountStream(LoadCall* stream);

  void Appoint(absl::Duration at, Appointment::Kind kind, LoadCall* call);
  void KeepAppointments(absl::Duration now);

  // Counts what has ended, unless it is worth another attempt.
  void Collect();
  bool WillRetry(LoadCall* call);
  LoadOutcome Judge(const LoadCall& call) const;
  void JudgeReply(const LoadCall& call, LoadOutcome* outcome) const;

  // Lets the streams end once nothing else is to be sent; then by force.
  void EndStreams(absl::Duration now);

  // Sleeps until there is something to do.
  void Wait(absl::Duration until);

  const LoadGeneratorOptions options_;
  const Work work_;
  const size_t limit_;  // of calls in flight

  std::chrono::steady_clock::time_point start_;
  std::optional<IntendedStart> next_;  // of the schedule
  bool exhausted_ = false;             // nothing starts any more
  bool cut_short_ = false;             // and that was not the schedule's end
  uint64_t started_ = 0;
  size_t in_flight_ = 0;  // calls and messages
  size_t stage_ = 0;      // of the last start
  std::optional<absl::Duration> streams_drained_;
  absl::Duration last_blocked_ = -absl::InfiniteDuration();  // by max_in_flight
  absl::Duration last_ended_;
  std::multimap<absl::Duration, Appointment> appointments_;
  RetryPolicy retry_policy_;
  RandomNumbers random_{1};  // for the pauses of retries
  GeneratorHealth health_;

  std::vector<std::unique_ptr<LoadCall>> calls_;  // all there are
  std::vector<LoadCall*> free_;
  std::vector<LoadCall*> collected_;
  EndedCalls ended_;
  LoadStreams streams_;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_GENERATOR_H_
