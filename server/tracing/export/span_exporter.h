// Sends spans to a collector, off the way of calls.
#ifndef VERDICT_SERVER_TRACING_EXPORT_SPAN_EXPORTER_H_
#define VERDICT_SERVER_TRACING_EXPORT_SPAN_EXPORTER_H_

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "server/metrics/metrics.h"
#include "server/tracing/ended.h"
#include "server/tracing/export/collector.h"
#include "server/tracing/export/otlp.h"
#include "server/tracing/export/span_queue.h"
#include "server/tracing/span_ids.h"

namespace verdict {

// A thread of its own makes spans of what has ended, and posts them. A collector that is slow or
// away delays nobody: what does not fit into the queue meanwhile is dropped, and what a collector
// does not take is not sent again. Both are counted in verdict_trace_spans_total, and the log says
// when the collector stops taking spans, and when it takes them again.
//
// All methods may be called from any thread. The metrics must outlive it.
class SpanExporter {
 public:
  // A post is begun when so many spans wait, or after kPeriod; it has kMostOfPost at most, or what
  // one call has.
  static constexpr size_t kMostOfPost = 512;
  static constexpr absl::Duration kPeriod = absl::Seconds(1);
  static constexpr absl::Duration kTimeout = absl::Seconds(5);  // of a post

  SpanExporter(CollectorAddress collector, SpanResource resource, Metrics* metrics);
  ~SpanExporter();

  SpanExporter(const SpanExporter&) = delete;
  SpanExporter& operator=(const SpanExporter&) = delete;

  // Takes what has ended, or drops it. Never waits for the collector.
  void Add(Ended ended);

  // Sends what waits now, rather than after kPeriod, and waits until it was sent or lost, for
  // `most` at most; whether it was.
  bool Flush(absl::Duration most);

 private:
  void Run();
  void Send(const std::vector<Ended>& ended);
  void ReportCollector(const absl::Status& status);

  const SpanResource resource_;
  Metrics* const metrics_;
  Collector collector_;
  SpanIds ids_{SpanIds::RandomSeed()};
  bool fails_ = false;  // the latest post did; of the thread

  // Not absl's, whose timed waits follow the wall clock.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  SpanQueue queue_;       // this and what follows are guarded by mutex_
  bool sending_ = false;  // what is in the queue no more
  bool flushing_ = false;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TRACING_EXPORT_SPAN_EXPORTER_H_
