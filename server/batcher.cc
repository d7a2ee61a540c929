#include "server/batcher.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/types/span.h"
#include "server/log.h"

namespace verdict {
namespace {

// Takes them, so that what they hold is freed here, and not after the batch that comes next.
void EndAll(std::vector<QueuedText> texts,  // NOLINT(performance-unnecessary-value-param)
            const absl::Status& status) {
  for (QueuedText& text : texts) text.done(status);
}

}  // namespace

Batcher::Batcher(Engine* engine, Metrics* metrics, TextQueue::Limits limits)
    : engine_(engine),
      metrics_(metrics),
      queue_(limits),
      engine_thread_([this] { ServeEngine(); }) {}

Batcher::~Batcher() {
  Drain(absl::InfinitePast());
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  engine_thread_.join();
}

absl::Status Batcher::Submit(std::vector<QueuedText>* texts) {
  absl::Status status;
  {
    absl::MutexLock lock(&mutex_);
    const absl::Time now = absl::Now();
    if (draining_) {
      status = absl::UnavailableError("the server is draining");
      last_refusal_ = now;
    } else {
      status = queue_.Push(texts, now);
      if (status.ok()) ReportQueue();
    }
  }
  // What could never be taken is the caller's fault, and not shed.
  const auto count = static_cast<int64_t>(texts->size());
  if (absl::IsUnavailable(status)) metrics_->CountShed(ShedReason::kDraining, count);
  if (absl::IsResourceExhausted(status)) metrics_->CountShed(ShedReason::kQueueFull, count);
  return status;
}

size_t Batcher::Drain(absl::Time deadline) {
  std::vector<QueuedText> left;
  {
    absl::MutexLock lock(&mutex_);
    draining_ = true;
    last_refusal_ = absl::Now();
    mutex_.AwaitWithDeadline(absl::Condition(this, &Batcher::Idle), deadline);
    left = queue_.TakeAll();
    ReportQueue();
  }
  const size_t count = left.size();
  EndAll(std::move(left), absl::UnavailableError("the server is going away"));
  return count;
}

void Batcher::AwaitQuiet(absl::Duration quiet, absl::Time deadline) {
  while (true) {
    absl::Time end;
    {
      absl::MutexLock lock(&mutex_);
      end = std::min(last_refusal_ + quiet, deadline);
    }
    const absl::Time now = absl::Now();
    if (now >= end) return;
    absl::SleepFor(end - now);
  }
}

void Batcher::ServeEngine() {
  while (true) {
    TextQueue::Popped popped;
    {
      absl::MutexLock lock(&mutex_);
      busy_ = false;
      mutex_.Await(absl::Condition(this, &Batcher::HasWork));
      if (queue_.empty()) return;  // stopping
      popped = queue_.Pop(absl::Now());
      busy_ = true;
      ReportQueue();
    }
    EndDead(&popped);
    if (!popped.batch.empty()) RunBatch(std::move(popped.batch));
  }
}

void Batcher::RunBatch(std::vector<QueuedText> texts) {
  Batch batch;
  // Equal texts have equal logits, bit for bit: each is computed once.
  absl::flat_hash_map<absl::Span<const int32_t>, int> rows;
  std::vector<int> row_of;
  row_of.reserve(texts.size());
  for (const QueuedText& text : texts) {
    const auto [row, is_new] = rows.try_emplace(text.input_ids, batch.texts());
    if (is_new) batch.Append(text.input_ids);
    row_of.push_back(row->second);
  }
  const absl::Time start = absl::Now();
  absl::StatusOr<Logits> logits = engine_->Run(batch);
  const absl::Duration inference = absl::Now() - start;
  if (!logits.ok()) {
    Log(LogLevel::kError, "the engine failed on a batch",
        {{"texts", batch.texts()},
         {"tokens", batch.tokens()},
         {"status", logits.status().ToString()}});
    EndAll(std::move(texts), absl::InternalError("the engine failed; the server's log says how"));
    return;
  }
  metrics_->ObserveBatch(batch.texts(), batch.tokens());
  metrics_->CountTokens(batch.tokens());
  for (size_t i = 0; i < texts.size(); ++i) {
    const absl::Span<const float> row = logits->row(row_of[i]);
    TextResult result{.logits = {row.begin(), row.end()},
                      .queue = start - texts[i].queued_at,
                      .inference = inference};
    metrics_->ObserveStage(Stage::kQueue, result.queue);
    metrics_->ObserveStage(Stage::kInference, result.inference);
    texts[i].done(std::move(result));
  }
}

void Batcher::EndDead(TextQueue::Popped* popped) {
  for (size_t i = 0; i < popped->expired.size(); ++i) metrics_->CountExpired(Stage::kQueue);
  EndAll(std::move(popped->expired),
         absl::DeadlineExceededError("the deadline passed while the text waited for the engine"));
  EndAll(std::move(popped->cancelled), absl::CancelledError("the caller went away"));
}

// Under the lock, so that the last report is the newest.
void Batcher::ReportQueue() { metrics_->SetQueue(queue_.texts(), queue_.tokens()); }

}  // namespace verdict
