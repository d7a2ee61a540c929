// The options of `verdict load`.
#ifndef VERDICT_CLIENT_LOAD_FLAGS_H_
#define VERDICT_CLIENT_LOAD_FLAGS_H_

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/client_options.h"
#include "client/load/mix.h"
#include "client/load/schedule.h"

namespace verdict {

struct LoadFlags {
  LoadFlags() {
    connection.timeout = absl::Seconds(1);
    connection.attempts = 1;
  }

  ClientOptions connection;
  int connections = 1;

  // How fast: exactly one of stages (from --rate, --stages or --ramp) and concurrency is set.
  std::optional<double> rate;
  std::vector<LoadStage> stages;
  size_t concurrency = 0;
  bool poisson = false;

  // How long; without either, ten seconds.
  std::optional<absl::Duration> duration;
  std::optional<uint64_t> requests;

  // What.
  MixWeights weights = {1, 0, 0, 0, 0};
  std::string mix = "classify=100";  // the same as it was given
  size_t batch_size = 8;
  std::string file;
  std::string token_counts;
  double bad_percent = 0;
  double cancel_percent = 0;
  absl::Duration cancel_after = absl::Milliseconds(10);
  uint64_t seed = 1;
  size_t max_in_flight = 0;  // 0: no limit

  // What comes of it.
  std::string check;
  std::string json;
  std::string report;
  bool quiet = false;

  bool open_loop() const { return concurrency == 0; }
  // Of a fixed rate or a closed loop; infinite if only the number of requests ends it.
  absl::Duration fixed_duration() const;
};

// Adds them to `command`; parsing fills `*flags`, which must outlive it.
void AddLoadFlags(CLI::App* command, LoadFlags* flags);

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_FLAGS_H_
