// One tokenized text on its way to the engine.
#ifndef VERDICT_SERVER_BATCHING_QUEUED_TEXT_H_
#define VERDICT_SERVER_BATCHING_QUEUED_TEXT_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/engine.h"
#include "server/contract/text_result.h"
#include "server/metrics/named_caller.h"
#include "server/tracing/text_stages.h"

namespace verdict {

struct QueuedText {
  std::vector<int32_t> input_ids;
  // As Batch::first_segments.
  int32_t first_segment = kOneSegment;
  // Whose it is. Outlives it.
  const NamedCaller* caller = &AnyCaller();
  // When the caller stops waiting.
  absl::Time deadline = absl::InfiniteFuture();
  // Set by any thread when nobody waits any more, to the code that tells why: CANCELLED or
  // DEADLINE_EXCEEDED. Until then OK. Outlives the run of `done`. May be null.
  const std::atomic<absl::StatusCode>* abandoned = nullptr;
  // The end of this text's way; whoever owns the text runs it exactly once.
  std::function<void(absl::StatusOr<TextResult>)> done;
  // Where to note when the text waited and was computed, before `done` runs. May be null.
  TextStages* stages = nullptr;
  // Whether it is one of a stream, which is left unread until there is room for the next.
  bool of_stream = false;
  // Set by TextQueue::Push.
  absl::Time queued_at;

  int64_t tokens() const { return static_cast<int64_t>(input_ids.size()); }

  // The code with which it ends at `now` without being computed: DEADLINE_EXCEEDED or CANCELLED. OK
  // if its caller still waits.
  absl::StatusCode EndAt(absl::Time now) const {
    if (deadline <= now) return absl::StatusCode::kDeadlineExceeded;
    return abandoned == nullptr ? absl::StatusCode::kOk : abandoned->load();
  }
};

}  // namespace verdict

#endif  // VERDICT_SERVER_BATCHING_QUEUED_TEXT_H_
