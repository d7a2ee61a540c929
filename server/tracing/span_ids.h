// New ids for traces and spans.
#ifndef VERDICT_SERVER_TRACING_SPAN_IDS_H_
#define VERDICT_SERVER_TRACING_SPAN_IDS_H_

#include <atomic>
#include <cstdint>

#include "server/tracing/trace_context.h"

namespace verdict {

// Gives ids that look random and never come twice, in some nanoseconds each. Two processes with
// seeds of their own give different ones; one seed gives the same ones again.
//
// All methods may be called from any thread.
class SpanIds {
 public:
  explicit SpanIds(TraceId seed) : seed_(seed) {}

  // As the operating system gives it.
  static TraceId RandomSeed();

  TraceId NewTrace();
  SpanId NewSpan();

 private:
  const TraceId seed_;
  std::atomic<uint64_t> count_ = 0;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TRACING_SPAN_IDS_H_
