// When one text went through which stage.
#ifndef VERDICT_SERVER_TRACING_TEXT_STAGES_H_
#define VERDICT_SERVER_TRACING_TEXT_STAGES_H_

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/tracing/trace_context.h"

namespace verdict {

// Times are SteadyNow's; the infinite future stands for what has not happened. Whoever has the text
// writes them, one after the other: the thread that tokenizes it, the batcher's, the one that makes
// its answer.
struct TextStages {
  // One stage: it ends with the text, if it does not end before.
  struct Stage {
    absl::Time start = absl::InfiniteFuture();
    absl::Time end = absl::InfiniteFuture();

    bool happened() const { return start != absl::InfiniteFuture(); }
    absl::Duration duration() const { return happened() ? end - start : absl::ZeroDuration(); }
  };

  Stage tokenize() const { return {tokenizing, std::min(tokenized, ended)}; }
  Stage queue() const { return {queued, std::min(computing, ended)}; }
  Stage inference() const { return {computing, std::min(computed, ended)}; }

  // It ends with `code_in` at `now`, unless it has ended before.
  void End(absl::StatusCode code_in, absl::Time now) {
    if (ended != absl::InfiniteFuture()) return;
    ended = now;
    code = code_in;
  }

  absl::Time tokenizing = absl::InfiniteFuture();
  absl::Time tokenized = absl::InfiniteFuture();
  absl::Time queued = absl::InfiniteFuture();
  absl::Time computing = absl::InfiniteFuture();
  absl::Time computed = absl::InfiniteFuture();
  absl::Time ended = absl::InfiniteFuture();
  absl::StatusCode code = absl::StatusCode::kOk;  // once it has ended
  int64_t tokens = 0;                             // that are computed
  SpanContext inference_span;                     // none: the text has no spans of its own
  SpanContext batch_span;                         // of the batch that held it; none: no such span
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TRACING_TEXT_STAGES_H_
