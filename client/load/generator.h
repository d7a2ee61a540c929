// Sends a load to a server.
#ifndef VERDICT_CLIENT_LOAD_GENERATOR_H_
#define VERDICT_CLIENT_LOAD_GENERATOR_H_

#include <grpcpp/channel.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/client_options.h"
#include "client/load/call.h"
#include "client/load/mix.h"
#include "client/load/recorder.h"
#include "client/load/requests.h"
#include "client/load/schedule.h"
#include "client/retry_policy.h"
#include "latency/histogram.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {

struct LoadGeneratorOptions {
  ClientOptions connection;
  int connections = 1;

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
// The deadline of a call is its intended start plus the timeout, so a caller's patience begins when
// the caller does: a call that starts late has less time left, one that starts too late none.
//
// Not thread-safe. Everything that it is given must outlive it.
class LoadGenerator {
 public:
  struct Work {
    const LoadRequests* requests = nullptr;
    LoadMix* mix = nullptr;
    LoadSchedule* schedule = nullptr;  // not in a closed loop
    LoadRecorder* recorder = nullptr;
  };

  // Codes and messages are OpenChannel's.
  static absl::StatusOr<std::unique_ptr<LoadGenerator>> Create(LoadGeneratorOptions options,
                                                               Work work);

  // Opens all connections, so that no call pays for one.
  // UNAVAILABLE: there is no server; with wait_for_ready only after a while.
  absl::Status Connect();

  // Sends the load and waits until every call has ended. `tick` is called about ten times a second
  // with the time since the start; once it returns false no further call starts.
  void Run(const std::function<bool(absl::Duration elapsed)>& tick);

  const GeneratorHealth& health() const { return health_; }
  size_t in_flight() const { return in_flight_; }

 private:
  struct Cancellation {
    absl::Duration at;
    LoadCall* call;
    uint64_t generation;
  };

  LoadGenerator(LoadGeneratorOptions options, Work work,
                std::vector<std::shared_ptr<grpc::Channel>> channels);

  absl::Duration Now() const;

  // The call that is to start now, if any is.
  std::optional<IntendedStart> TakeDue(absl::Duration now);
  void StartDue();
  void Start(const IntendedStart& start, absl::Duration now);
  void Send(LoadCall* call);
  LoadCall* NewCall();
  void CancelDue(absl::Duration now);
  void RetryDue(absl::Duration now);

  // Counts what has ended, unless it is worth another attempt.
  void Collect();
  bool WillRetry(LoadCall* call);
  LoadOutcome Judge(const LoadCall& call) const;

  // Sleeps until there is something to do.
  void Wait(absl::Duration until);

  const LoadGeneratorOptions options_;
  const Work work_;
  const size_t limit_;  // of calls in flight
  const std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<std::unique_ptr<v1::Classifier::Stub>> stubs_;

  std::chrono::steady_clock::time_point start_;
  std::optional<IntendedStart> next_;  // of the schedule
  bool exhausted_ = false;             // nothing starts any more
  bool cut_short_ = false;             // and that was not the schedule's end
  uint64_t started_ = 0;
  size_t in_flight_ = 0;
  absl::Duration last_blocked_ = -absl::InfiniteDuration();  // by max_in_flight
  absl::Duration last_ended_;
  std::deque<Cancellation> cancellations_;            // in the order of their times
  std::multimap<absl::Duration, LoadCall*> retries_;  // by their times
  RetryPolicy retry_policy_;
  RandomNumbers random_{1};  // for the pauses of retries
  GeneratorHealth health_;

  std::vector<std::unique_ptr<LoadCall>> calls_;  // all there are
  std::vector<LoadCall*> free_;
  std::vector<LoadCall*> collected_;
  EndedCalls ended_;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_GENERATOR_H_
