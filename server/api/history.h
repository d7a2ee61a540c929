// What the charts of the status page show: figures of the last two minutes.
#ifndef VERDICT_SERVER_API_HISTORY_H_
#define VERDICT_SERVER_API_HISTORY_H_

#include <cstddef>
#include <deque>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/http/message.h"
#include "server/metrics/metrics.h"

namespace verdict {

// Keeps a sample of the metrics every two seconds, so that a page that is opened now shows what
// was before. All methods may be called from any thread.
class History {
 public:
  static constexpr absl::Duration kEvery = absl::Seconds(2);
  static constexpr size_t kKept = 61;  // two minutes

  // `metrics` outlives it.
  explicit History(const Metrics& metrics) : metrics_(metrics) {}

  // To be called more often than kEvery; takes a sample if it is time for one.
  void Sample(absl::Time now) ABSL_LOCKS_EXCLUDED(mutex_);

  // {"seconds":2,"texts":[…],"tokens":[…],"p99":[…],"queue":[…],"refused":[…],"cpu":[…]}: texts,
  // tokens and refused texts a second, seconds, texts that wait, cores; the latest last, and null
  // where there was nothing to measure.
  std::string Json() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Sampled {
    absl::Time time;
    MetricFigures figures;
    double cpu_seconds = 0;  // of the process, since its start
  };

  const Metrics& metrics_;
  mutable absl::Mutex mutex_;
  std::deque<Sampled> samples_ ABSL_GUARDED_BY(mutex_);
};

// GET /history.json. `history` outlives the server that has the route.
HttpRoute HistoryRoute(const History& history);

}  // namespace verdict

#endif  // VERDICT_SERVER_API_HISTORY_H_
