// What is told of calls that have ended: to the log, and to whoever asks for the latest.
#ifndef VERDICT_SERVER_TRACING_CALL_JOURNAL_H_
#define VERDICT_SERVER_TRACING_CALL_JOURNAL_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/metrics/series.h"
#include "server/tracing/call_record.h"
#include "server/tracing/recent_calls.h"

namespace verdict {

// Keeps RecentCalls, and writes a line of the log for each call that failed, or took too long. The
// log bounds the rate of such lines.
//
// All methods may be called from any thread.
class CallJournal {
 public:
  // A call of `slow` or more is too long; zero: none is.
  explicit CallJournal(absl::Duration slow) : slow_(slow) {}

  CallJournal(const CallJournal&) = delete;
  CallJournal& operator=(const CallJournal&) = delete;

  // Whether to tell it of a call of this length. It takes some nanoseconds, and the answer is
  // mostly no.
  bool Wants(absl::Duration total, absl::Time now) const;

  // Whether to tell it of a call that failed with `code`; OK stands for a batch with failed texts.
  // Of each code it wants kFailureBurst at once, and then one each kFailurePeriod: under overload
  // most calls are refused, and a refusal must cost next to nothing.
  bool WantsFailure(absl::StatusCode code, absl::Time now);
  static constexpr int kFailureBurst = 32;
  static constexpr absl::Duration kFailurePeriod = absl::Milliseconds(50);

  // A call that it wants.
  void Tell(CallRecord record, absl::Time now) ABSL_LOCKS_EXCLUDED(mutex_);

  // RecentCalls as JSON, for people and programs: `slowest` and `failed`, each call with the date
  // of its arrival and the fields that the log has.
  std::string Json(absl::Time now) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  bool IsSlow(absl::Duration total) const { return slow_ > absl::ZeroDuration() && total >= slow_; }

  const absl::Duration slow_;
  // RecentCalls::Floor in nanoseconds, for Wants. They may belong to two floors for a moment: then
  // a call is told in vain, or one that is hardly among the slowest is not.
  std::atomic<int64_t> floor_total_ = 0;
  std::atomic<int64_t> floor_until_ = 0;

  // For WantsFailure, by code, in nanoseconds: when a whole burst is wanted again.
  std::array<std::atomic<int64_t>, kCodes> burst_again_ = {};

  mutable absl::Mutex mutex_;
  RecentCalls recent_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TRACING_CALL_JOURNAL_H_
