#include "server/tracing/export/span_exporter.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "engine/threads/thread_name.h"
#include "latency/steady_clock.h"
#include "server/log/log.h"
#include "server/tracing/export/spans.h"

namespace verdict {

SpanExporter::SpanExporter(CollectorAddress collector, SpanResource resource, Metrics* metrics)
    : resource_(std::move(resource)),
      metrics_(metrics),
      collector_(std::move(collector)),
      thread_([this] { Run(); }) {}

SpanExporter::~SpanExporter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  collector_.Stop();
  thread_.join();
}

void SpanExporter::Add(Ended ended) {
  size_t spans = 0;
  bool taken = false;
  bool full = false;
  {
    const std::lock_guard lock(mutex_);
    const bool was_full = queue_.spans() >= kMostOfPost;
    taken = queue_.Push(std::move(ended), &spans);
    full = !was_full && queue_.spans() >= kMostOfPost;
  }
  if (full) wake_.notify_one();
  if (!taken) metrics_->CountSpans(SpanOutcome::kDropped, static_cast<int64_t>(spans));
}

bool SpanExporter::Flush(absl::Duration most) {
  std::unique_lock lock(mutex_);
  flushing_ = true;
  wake_.notify_one();
  const bool flushed = idle_.wait_for(lock, absl::ToChronoNanoseconds(most),
                                      [this] { return queue_.spans() == 0 && !sending_; });
  flushing_ = false;
  return flushed;
}

void SpanExporter::Run() {
  NameThisThread("spans");
  const auto is_awaited = [this] {
    return stopping_ || queue_.spans() >= kMostOfPost || (flushing_ && queue_.spans() > 0);
  };
  while (true) {
    std::vector<Ended> ended;
    {
      std::unique_lock lock(mutex_);
      sending_ = false;
      if (queue_.spans() == 0) idle_.notify_all();
      wake_.wait_for(lock, absl::ToChronoNanoseconds(kPeriod), is_awaited);
      if (stopping_) return;
      ended = queue_.Take(kMostOfPost);
      sending_ = !ended.empty();
    }
    if (!ended.empty()) Send(ended);
  }
}

void SpanExporter::Send(const std::vector<Ended>& ended) {
  std::vector<Span> spans;
  for (const Ended& one : ended) {
    std::vector<Span> made = MakeSpans(one, &ids_);
    std::move(made.begin(), made.end(), std::back_inserter(spans));
  }
  const absl::Time now = SteadyNow();
  const ClockPair clocks = {.steady = now, .wall = absl::FromChrono(WallTime(now))};
  const absl::StatusOr<std::string> answer =
      collector_.Post(OtlpRequest(resource_, spans, clocks), kTimeout);
  ReportCollector(answer.status());
  const size_t failed = answer.ok() ? std::min(spans.size(), OtlpRejected(*answer)) : spans.size();
  metrics_->CountSpans(SpanOutcome::kFailed, static_cast<int64_t>(failed));
  metrics_->CountSpans(SpanOutcome::kExported, static_cast<int64_t>(spans.size() - failed));
}

void SpanExporter::ReportCollector(const absl::Status& status) {
  if (!status.ok() && !fails_) {
    Log(LogLevel::kWarning, "the collector of traces takes no spans",
        {{"reason", std::string(status.message())}});
  }
  if (status.ok() && fails_) Log(LogLevel::kInfo, "the collector of traces takes spans again");
  fails_ = !status.ok();
}

}  // namespace verdict
