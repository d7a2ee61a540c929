// When the calls of a load are meant to start.
#ifndef VERDICT_CLIENT_LOAD_SCHEDULE_H_
#define VERDICT_CLIENT_LOAD_SCHEDULE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/load/random_numbers.h"

namespace verdict {

// A part of a load: the rate goes evenly from `begin_rate` to `end_rate`, in calls a second.
struct LoadStage {
  double begin_rate = 0;
  double end_rate = 0;
  absl::Duration duration = absl::InfiniteDuration();  // infinite only with equal rates above 0
};

// Reads "200@10s,1000@30s": stages of a fixed rate each, one after another.
// Reads "100:2000@60s": one stage whose rate grows or falls.
// INVALID_ARGUMENT: the message says what was expected and found.
absl::StatusOr<std::vector<LoadStage>> ParseStages(absl::string_view text);
absl::StatusOr<LoadStage> ParseRamp(absl::string_view text);

struct LoadScheduleOptions {
  std::vector<LoadStage> stages;
  std::optional<uint64_t> requests = std::nullopt;  // ends after that many
  // Calls arrive independently of each other, as those of many users do; else evenly spaced.
  bool poisson = false;
  uint64_t seed = 1;
};

// When one call is meant to start, from the start of the load.
struct IntendedStart {
  absl::Duration at;
  size_t stage = 0;  // index of the stage that it belongs to
};

// The intended starts of an open loop: they depend on the rates alone, never on how fast anybody
// answers.
//
// A stage is seen as the number of calls that it is expected to have. Evenly spaced, call n starts
// when n calls were expected; in a Poisson process, the expected number between two calls is
// exponentially distributed with mean 1, at whatever rate.
//
// Policy only: no clock. Not thread-safe.
class LoadSchedule {
 public:
  explicit LoadSchedule(LoadScheduleOptions options);

  // The next one, never earlier than the one before; none after the last.
  std::optional<IntendedStart> Next();

  // Whether it was the number of requests that ended it, and not its last stage.
  bool cut_short() const { return options_.requests == given_out_; }

 private:
  const LoadScheduleOptions options_;
  RandomNumbers random_;
  uint64_t given_out_ = 0;
  double expected_ = 0;  // calls before the next one, counted from the begin of stage_
  size_t stage_ = 0;
  absl::Duration stage_begin_;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_SCHEDULE_H_
