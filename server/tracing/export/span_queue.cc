#include "server/tracing/export/span_queue.h"

#include <algorithm>
#include <utility>

#include "server/tracing/export/spans.h"

namespace verdict {

bool SpanQueue::Push(Ended ended, size_t* spans) {
  *spans = CountSpans(ended);
  if (*spans > kMost - spans_) return false;
  waiting_.push_back({.ended = std::move(ended), .spans = *spans});
  spans_ += *spans;
  return true;
}

std::vector<Ended> SpanQueue::Take(size_t spans) {
  std::vector<Ended> taken;
  size_t left = spans;
  while (!waiting_.empty() && (taken.empty() || waiting_.front().spans <= left)) {
    Waiting& first = waiting_.front();
    left -= std::min(left, first.spans);
    spans_ -= first.spans;
    taken.push_back(std::move(first.ended));
    waiting_.pop_front();
  }
  return taken;
}

}  // namespace verdict
