// What waits to be exported.
#ifndef VERDICT_SERVER_TRACING_EXPORT_SPAN_QUEUE_H_
#define VERDICT_SERVER_TRACING_EXPORT_SPAN_QUEUE_H_

#include <cstddef>
#include <deque>
#include <vector>

#include "server/tracing/ended.h"

namespace verdict {

// First in, first out, and bounded: what comes while it is full is dropped, since a call must
// neither wait for a collector nor fill the memory for it.
//
// Not thread-safe.
class SpanQueue {
 public:
  // Spans that wait at most: those of a call are taken together or not at all.
  static constexpr size_t kMost = 2048;

  // False: it is dropped. `*spans` is how many spans that is.
  bool Push(Ended ended, size_t* spans);

  // Takes those that came first, together of `spans` at most, but at least one if there is one.
  std::vector<Ended> Take(size_t spans);

  size_t spans() const { return spans_; }

 private:
  struct Waiting {
    Ended ended;
    size_t spans;
  };

  std::deque<Waiting> waiting_;
  size_t spans_ = 0;  // of all that wait
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TRACING_EXPORT_SPAN_QUEUE_H_
