#include "client/load/schedule.h"

#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace verdict {
namespace {

bool ParseRate(absl::string_view text, double* rate) {
  return absl::SimpleAtod(text, rate) && std::isfinite(*rate) && *rate >= 0;
}

bool ParseFiniteDuration(absl::string_view text, absl::Duration* duration) {
  return absl::ParseDuration(text, duration) && *duration > absl::ZeroDuration() &&
         *duration != absl::InfiniteDuration();
}

// The calls that `stage` is expected to have in all.
double ExpectedCalls(const LoadStage& stage) {
  return (stage.begin_rate + stage.end_rate) / 2 * absl::ToDoubleSeconds(stage.duration);
}

// The time in `stage` by which `calls` are expected: solves
//   begin_rate * t + (end_rate - begin_rate) / duration * t^2 / 2 = calls.
absl::Duration TimeOf(const LoadStage& stage, double calls) {
  if (stage.begin_rate == stage.end_rate) return absl::Seconds(calls / stage.begin_rate);
  const double slope = (stage.end_rate - stage.begin_rate) / absl::ToDoubleSeconds(stage.duration);
  const double root =
      std::sqrt(std::max(0.0, stage.begin_rate * stage.begin_rate + 2 * slope * calls));
  // This form of the solution stays exact where begin_rate is 0 or the slope nearly is.
  return calls == 0 ? absl::ZeroDuration() : absl::Seconds(2 * calls / (stage.begin_rate + root));
}

}  // namespace

absl::StatusOr<std::vector<LoadStage>> ParseStages(absl::string_view text) {
  std::vector<LoadStage> stages;
  double calls = 0;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    const std::pair<absl::string_view, absl::string_view> fields =
        absl::StrSplit(part, absl::MaxSplits('@', 1));
    LoadStage stage;
    if (!ParseRate(fields.first, &stage.begin_rate) ||
        !ParseFiniteDuration(fields.second, &stage.duration)) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected stages such as 200@10s,1000@30s, found ", part));
    }
    stage.end_rate = stage.begin_rate;
    calls += ExpectedCalls(stage);
    stages.push_back(stage);
  }
  if (calls == 0) return absl::InvalidArgumentError("all stages have a rate of 0");
  return stages;
}

absl::StatusOr<LoadStage> ParseRamp(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> halves =
      absl::StrSplit(text, absl::MaxSplits('@', 1));
  const std::pair<absl::string_view, absl::string_view> rates =
      absl::StrSplit(halves.first, absl::MaxSplits(':', 1));
  LoadStage stage;
  if (!ParseRate(rates.first, &stage.begin_rate) || !ParseRate(rates.second, &stage.end_rate) ||
      !ParseFiniteDuration(halves.second, &stage.duration) || ExpectedCalls(stage) == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a ramp such as 100:2000@60s, found ", text));
  }
  return stage;
}

LoadSchedule::LoadSchedule(LoadScheduleOptions options)
    : options_(std::move(options)), random_(options_.seed) {
  if (options_.poisson) expected_ = random_.Exponential();
}

std::optional<IntendedStart> LoadSchedule::Next() {
  if (options_.requests && given_out_ == *options_.requests) return std::nullopt;
  for (; stage_ < options_.stages.size(); ++stage_) {
    const LoadStage& stage = options_.stages[stage_];
    const double calls = ExpectedCalls(stage);
    // A hair less: 0.1 calls/s for 30 s are 3, although 3.0000000000000004 are expected.
    if (expected_ < calls - 1e-9) break;
    expected_ = std::max(0.0, expected_ - calls);
    stage_begin_ += stage.duration;
  }
  if (stage_ == options_.stages.size()) return std::nullopt;
  const IntendedStart start = {.at = stage_begin_ + TimeOf(options_.stages[stage_], expected_),
                               .stage = stage_};
  expected_ += options_.poisson ? random_.Exponential() : 1;
  ++given_out_;
  return start;
}

}  // namespace verdict
