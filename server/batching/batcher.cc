#include "server/batching/batcher.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/types/span.h"
#include "engine/threads/thread_name.h"
#include "latency/steady_clock.h"
#include "server/contract/error_reason.h"
#include "server/contract/refusal.h"
#include "server/log/log.h"

namespace verdict {
namespace {

// How long a dead text may stay in the queue while the engine is busy. A sweep looks at every text,
// in some 4 ns each.
constexpr absl::Duration kSweepInterval = absl::Milliseconds(10);

// Of a text: those that stand at its ends.
constexpr int64_t kLeastTokens = 2;

// Takes them, so that what they hold is freed here, and not after the batch that comes next.
void EndAll(std::vector<QueuedText> texts,  // NOLINT(performance-unnecessary-value-param)
            const absl::Status& status) {
  for (QueuedText& text : texts) {
    if (text.stages != nullptr) text.stages->queued = text.queued_at;
    text.done(status);
  }
}

// Equal texts have equal logits, bit for bit: each is computed once. Equal tokens in other segments
// are another text. `(*row_of)[i]` is the place of texts[i] in the batch.
Batch Distinct(const std::vector<QueuedText>& texts, std::vector<int>* row_of) {
  Batch batch;
  absl::flat_hash_map<std::pair<absl::Span<const int32_t>, int32_t>, int> rows;
  row_of->reserve(texts.size());
  for (const QueuedText& text : texts) {
    const auto [row, is_new] =
        rows.try_emplace({text.input_ids, text.first_segment}, batch.texts());
    if (is_new) batch.Append(text.input_ids, text.first_segment);
    row_of->push_back(row->second);
  }
  return batch;
}

}  // namespace

Batcher::Batcher(Engine* engine, Metrics* metrics, TextQueue::Limits limits,
                 BatchListeners listeners)
    : engine_(engine),
      metrics_(metrics),
      listeners_(listeners),
      queue_(limits),
      forecast_(limits.max_batch_tokens),
      engine_thread_([this] { ServeEngine(); }),
      sweep_thread_([this] { SweepQueue(); }) {
  metrics_->SetQueueLimit(limits.max_queue_tokens);
  absl::MutexLock lock(&mutex_);
  for (const TimedRun& run : engine_->info().warm_up) {
    forecast_.Know(run.tokens, absl::FromChrono(run.time));
  }
}

Batcher::~Batcher() {
  Drain(absl::InfinitePast());
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  engine_thread_.join();
  sweep_thread_.join();
}

absl::Status Batcher::Submit(std::vector<QueuedText>* texts) {
  absl::Time deadline = absl::InfiniteFuture();
  int64_t tokens = 0;
  for (const QueuedText& text : *texts) {
    deadline = std::min(deadline, text.deadline);
    tokens += text.tokens();
  }
  const auto count = static_cast<int64_t>(texts->size());
  if (count == 0) return absl::OkStatus();
  const TextQueue::Request room = {
      .caller = texts->front().caller, .tokens = tokens, .of_stream = texts->front().of_stream};
  absl::Status status;
  {
    absl::MutexLock lock(&mutex_);
    const absl::Time now = SteadyNow();
    status = Check({.room = room,
                    .own = queue_.OwnWork(*texts),
                    .work = queue_.WorkUntilDone(*texts),
                    .deadline = deadline},
                   now);
    if (status.ok()) {
      if (queue_.empty() && !busy_) moved_ = now;
      status = queue_.Push(texts, now);
      ReportQueue(now);
    }
  }
  return Shed(std::move(status), count);
}

absl::Status Batcher::CheckRoom(const Announced& announced) {
  absl::Status status;
  {
    absl::MutexLock lock(&mutex_);
    status = Check({.room = {.caller = announced.caller,
                             .tokens = announced.texts * kLeastTokens,
                             .of_stream = announced.of_stream},
                    .own = {1, 1},
                    .work = queue_.LeastWorkUntilDone(*announced.caller, announced.of_stream),
                    .deadline = announced.deadline},
                   SteadyNow());
  }
  return Shed(std::move(status), announced.texts);
}

bool Batcher::StreamsHaveRoom(const NamedCaller& caller) const {
  absl::MutexLock lock(&mutex_);
  return draining_ || queue_.StreamsHaveRoom(caller);
}

// Whoever waits looks whether it was made for them.
void Batcher::ReportRoom() {
  if (listeners_.line != nullptr) listeners_.line->RoomMade();
}

absl::Duration Batcher::TimeUntilDone(double part) const {
  absl::MutexLock lock(&mutex_);
  const EngineWork all = queue_.WorkWaiting();
  const EngineWork work = {
      static_cast<int64_t>(std::ceil(part * static_cast<double>(all.tokens))),
      static_cast<int64_t>(std::ceil(part * static_cast<double>(all.batches)))};
  return forecast_.RetryForRoom(work, SteadyNow());
}

absl::Status Batcher::Check(const Request& request, absl::Time now) const {
  if (draining_) {
    return Draining();
  }
  if (absl::Status status = queue_.CheckRoom(request.room); !status.ok()) {
    if (absl::IsInvalidArgument(status)) return status;
    const absl::Duration retry = forecast_.RetryForRoom(queue_.WorkUntilRoom(request.room), now);
    return Refused(status.code(), {ShedReason::kQueueFull, retry}, status.message());
  }
  const bool idle = queue_.empty() && !forecast_.computing();
  // What is late already is not shed: it ends as all that is.
  if (idle || request.deadline <= now || forecast_.InTime(request.work, request.deadline, now)) {
    return absl::OkStatus();
  }
  const absl::Duration timeout = request.deadline - now;
  const absl::Duration time = forecast_.TimeUntilDone(request.work, now);
  return Refused(
      absl::StatusCode::kResourceExhausted,
      {ShedReason::kDeadline, forecast_.RetryForTime(request.work, request.own, timeout, now)},
      absl::StrCat("the work ahead takes some ", absl::ToInt64Milliseconds(time),
                   " ms, and the deadline is in ", absl::ToInt64Milliseconds(timeout),
                   " ms: allow more time, send less at a time, or try again later"));
}

absl::Status Batcher::Shed(absl::Status status, int64_t texts) {
  // What could never be taken is the caller's fault, and not shed.
  if (const auto refusal = RefusalOf(status); refusal.has_value()) {
    metrics_->CountShed(refusal->reason, texts);
  }
  return status;
}

absl::Duration Batcher::Stalled(absl::Time now) const {
  absl::MutexLock lock(&mutex_);
  return queue_.empty() && !busy_ ? absl::ZeroDuration() : now - moved_;
}

size_t Batcher::Drain(absl::Time deadline) {
  {
    absl::MutexLock lock(&mutex_);
    draining_ = true;
  }
  const auto idle = [this] {
    absl::MutexLock lock(&mutex_);
    return Idle();
  };
  LookUntil(idle, deadline);
  std::vector<QueuedText> left;
  {
    absl::MutexLock lock(&mutex_);
    left = queue_.TakeAll();
    ReportQueue(SteadyNow());
  }
  ReportRoom();
  const size_t count = left.size();
  EndAll(std::move(left), absl::UnavailableError("the server is going away: call another one"));
  return count;
}

void Batcher::ServeEngine() {
  NameThisThread("engine");
  int64_t computed = 0;
  while (true) {
    TextQueue::Popped popped;
    {
      absl::MutexLock lock(&mutex_);
      if (busy_) {
        forecast_.BatchDone(computed, SteadyNow());
        metrics_->SetTokensPerSecond(forecast_.tokens_per_second());
      }
      busy_ = false;
      mutex_.Await(absl::Condition(this, &Batcher::HasWork));
      if (queue_.empty()) return;  // stopping
      const absl::Time now = SteadyNow();
      moved_ = now;
      popped = queue_.Pop(now, forecast_.EndOfFullBatch(now));
      forecast_.BatchStarted(popped.tokens, now);
      busy_ = true;
      ReportQueue(now);
    }
    ReportRoom();
    EndDead(&popped);
    computed = popped.batch.empty() ? 0 : RunBatch(std::move(popped.batch));
  }
}

void Batcher::SweepQueue() {
  NameThisThread("sweep");
  while (true) {
    TextQueue::Popped dead;
    {
      absl::MutexLock lock(&mutex_);
      sweeping_ = false;
      mutex_.Await(absl::Condition(this, &Batcher::NeedsSweep));
      if (stopping_) return;
    }
    absl::SleepFor(kSweepInterval);
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return;
      const absl::Time now = SteadyNow();
      dead = queue_.TakeDead(now);
      sweeping_ = true;
      ReportQueue(now);
    }
    ReportRoom();
    EndDead(&dead);
  }
}

int64_t Batcher::RunBatch(std::vector<QueuedText> texts) {
  std::vector<int> row_of;
  const Batch batch = Distinct(texts, &row_of);
  const absl::Time start = SteadyNow();
  absl::StatusOr<Logits> logits = engine_->Run(batch);
  const absl::Time end = SteadyNow();
  {
    // Whoever is answered now finds an idle engine, unless somebody waits.
    absl::MutexLock lock(&mutex_);
    forecast_.BatchComputed();
  }
  const absl::Duration inference = end - start;
  NoteBatch(texts, {.start = start, .end = end, .tokens = batch.tokens(), .ok = logits.ok()});
  if (!logits.ok()) {
    LogCallers(LogLevel::kError, "the engine failed on a batch",
               {{"texts", batch.texts()},
                {"tokens", batch.tokens()},
                {"status", logits.status().ToString()}});
    EndAll(std::move(texts), absl::InternalError("the engine failed; the server's log says how"));
    return 0;
  }
  metrics_->ObserveBatch(batch.texts(), batch.tokens(), inference);
  metrics_->CountTokens(batch.tokens());
  for (size_t i = 0; i < texts.size(); ++i) {
    const absl::Span<const float> row = logits->row(row_of[i]);
    TextResult result{.logits = {row.begin(), row.end()},
                      .queue = start - texts[i].queued_at,
                      .inference = inference};
    metrics_->ObserveStage(Stage::kQueue, result.queue);
    metrics_->ObserveStage(Stage::kInference, result.inference);
    EndComputed(std::move(result), end, &texts[i]);
  }
  return batch.tokens();
}

void Batcher::NoteBatch(const std::vector<QueuedText>& texts, EndedBatch batch) {
  for (const QueuedText& text : texts) {
    if (text.stages == nullptr) continue;
    text.stages->queued = text.queued_at;
    text.stages->computing = batch.start;
    text.stages->computed = batch.end;
    if (text.stages->inference_span.valid())
      batch.inferences.push_back(text.stages->inference_span);
  }
  if (listeners_.tracer == nullptr || batch.inferences.empty()) return;
  batch.span = listeners_.tracer->NewTrace();
  batch.texts = static_cast<int64_t>(texts.size());
  for (const QueuedText& text : texts) {
    if (text.stages != nullptr) text.stages->batch_span = batch.span;
  }
  listeners_.tracer->Export(std::move(batch));
}

// Whoever stopped waiting has given its caller a status already; ours agrees with it.
void Batcher::EndComputed(TextResult result, absl::Time now, QueuedText* text) {
  switch (text->EndAt(now)) {
    case absl::StatusCode::kOk:
      return text->done(std::move(result));
    case absl::StatusCode::kCancelled:
      return text->done(absl::CancelledError("the caller went away"));
    default:
      metrics_->CountExpired(Stage::kInference, 1);
      text->done(absl::DeadlineExceededError("the deadline passed while the text was computed"));
  }
}

void Batcher::EndDead(TextQueue::Popped* popped) {
  metrics_->CountExpired(Stage::kQueue, static_cast<int64_t>(popped->expired.size()));
  EndAll(std::move(popped->expired),
         absl::DeadlineExceededError("the deadline came before the engine could compute the text"));
  EndAll(std::move(popped->cancelled), absl::CancelledError("the caller went away"));
}

// Under the lock, so that the last report is the newest. What waits does so while the engine is
// busy, and then the sweeps report the age anew.
void Batcher::ReportQueue(absl::Time now) {
  metrics_->SetQueue(queue_.texts(), queue_.tokens(), queue_.OldestAge(now));
}

}  // namespace verdict
