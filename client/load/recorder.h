// What became of the calls of a load, counted.
#ifndef VERDICT_CLIENT_LOAD_RECORDER_H_
#define VERDICT_CLIENT_LOAD_RECORDER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "latency/histogram.h"

namespace verdict {

// What is counted apart: the methods as gRPC knows them, and messages of ClassifyStream, which are
// no calls.
enum class LoadMethod {
  kClassify,
  kClassifyBatch,
  kClassifyStream,
  kTokenize,
  kGetModel,
  kMessage
};
constexpr size_t kLoadMethods = 6;
constexpr size_t kStatusCodes = 17;  // absl::StatusCode kOk to kUnauthenticated

// One call or message that has ended. Times are from the start of the load.
struct LoadOutcome {
  LoadMethod method = LoadMethod::kClassify;
  absl::StatusCode code = absl::StatusCode::kOk;
  size_t stage = 0;
  absl::Duration intended = absl::ZeroDuration();  // its start
  absl::Duration ended = absl::ZeroDuration();
  absl::Duration timeout =
      absl::InfiniteDuration();  // it should have ended so long after `intended`
  uint64_t texts_ok = 0;         // answered with a result
  bool wrong = false;            // not what was expected
};

// The outcomes of some calls of one method, by code.
struct MethodTally {
  uint64_t started = 0;
  std::array<uint64_t, kStatusCodes> codes = {};
  std::array<std::unique_ptr<LatencyHistogram>, kStatusCodes> latency;  // none where none was timed

  void Add(const MethodTally& other);
  uint64_t finished() const;
};

// The outcomes of a stage, or of the whole load.
struct LoadTally {
  std::array<MethodTally, kLoadMethods> methods;
  uint64_t texts_ok = 0;
  uint64_t good_texts = 0;  // answered within their deadline, and within the stage's time
  uint64_t ok_after_deadline = 0;
  uint64_t wrong_replies = 0;

  void Add(const LoadTally& other);

  // All calls together, as gRPC counts them: messages are left out.
  MethodTally Calls() const;
  // What the schedule asked for: calls and messages, but not the streams that carry these.
  MethodTally Requests() const;

  const MethodTally& of(LoadMethod method) const { return methods[static_cast<size_t>(method)]; }
};

// One second of the load. A call belongs to the second in which it was meant to start, so that
// started = ok + failed when all have ended; a good text to the one in which it was answered.
struct LoadSecond {
  uint64_t started = 0;
  uint64_t ok = 0;
  uint64_t failed = 0;
  uint64_t good_texts = 0;
  LatencyHistogram latency;  // of those that were OK
};

// Counts every call exactly once, by its final status. Latency runs from the intended start: what a
// stalled server or a late generator makes calls wait for is part of it (no coordinated omission).
//
// Goodput counts a text in the stage in which it was answered, so that what is answered after the
// end of a load is not taken for the work of its time.
//
// Policy only: no locks, no clock. Not thread-safe.
class LoadRecorder {
 public:
  // `stage_ends`, rising: when each stage ends, from the start of the load. At least one.
  explicit LoadRecorder(std::vector<absl::Duration> stage_ends);

  // Something started that was meant to at `intended`.
  void Started(LoadMethod method, size_t stage, absl::Duration intended);

  // It ended. Streams are counted but not timed: how long they live says nothing.
  void Ended(const LoadOutcome& outcome);

  // The load was cut short, and its last call ended at `end`.
  void CutShort(absl::Duration end);

  size_t stages() const { return stages_.size(); }
  const LoadTally& stage(size_t index) const { return stages_[index]; }
  absl::Duration StageDuration(size_t index) const;
  LoadTally Total() const;
  absl::Duration TotalDuration() const { return stage_ends_.back(); }
  const std::vector<LoadSecond>& seconds() const { return seconds_; }

 private:
  LoadSecond& SecondOf(absl::Duration time);
  void CountGood(const LoadOutcome& outcome);

  std::vector<absl::Duration> stage_ends_;
  std::vector<LoadTally> stages_;
  std::vector<LoadSecond> seconds_;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_RECORDER_H_
