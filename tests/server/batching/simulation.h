// The queue and the forecast in simulated time: an engine, callers with deadlines, and what becomes
// of their texts. The Batcher puts the same two together with threads.
#ifndef VERDICT_TESTS_SERVER_BATCHING_SIMULATION_H_
#define VERDICT_TESTS_SERVER_BATCHING_SIMULATION_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "absl/time/time.h"
#include "server/batching/forecast.h"
#include "server/batching/queue.h"

namespace verdict {

// Who brings texts, at moments of a Poisson process.
struct Source {
  double of_peak = 1;     // how much comes, in multiples of what the engine can do
  double long_share = 0;  // of the texts; these have 512 tokens
  absl::Duration deadline = absl::Seconds(1);
  const NamedCaller* caller = &AnyCaller();
};

// What became of the texts of a source; in tokens, since those are what the engine is paid in.
struct Outcome {
  double goodput = 0;               // in time, as a part of what the engine can do
  double answered = 0;              // in time, as a part of what came
  double wasted = 0;                // computed too late, as a part of what the engine can do
  double expired = 0;               // of those that were taken: ended without being computed
  absl::Duration longest_of_short;  // the longest that a short text took that was in time
};

class Simulation {
 public:
  // A batch takes up to `noise` of its time more or less than it should.
  explicit Simulation(const std::vector<Source>& sources, double noise = 0.1);

  // A minute, by source.
  std::vector<Outcome> Run();

 private:
  struct State {
    Source source;
    absl::Time arrival = {};  // of the next text
    double came = 0;
    double taken = 0;
    double in_time = 0;
    double late = 0;
    double expired = 0;
    absl::Duration longest_of_short = absl::ZeroDuration();
  };

  double Uniform() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  int64_t NextTokens(const Source& source);
  absl::Duration NextGap(const Source& source);
  State& Next();
  void Arrive(State* state);
  void Compute();
  State& StateOf(const QueuedText& text);

  const double noise_;
  const absl::Time start_ = absl::FromUnixSeconds(1'000'000);
  std::mt19937 random_{1};
  std::vector<State> states_;
  absl::Time now_ = start_;
  TextQueue queue_;
  Forecast forecast_;
  bool busy_ = false;
};

}  // namespace verdict

#endif  // VERDICT_TESTS_SERVER_BATCHING_SIMULATION_H_
