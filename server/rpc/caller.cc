#include "server/rpc/caller.h"

#include <grpcpp/server_context.h>

#include "latency/steady_clock.h"

namespace verdict {
namespace {

// The client's clock and timers decide when a deadline has passed. They and the way here may make
// it look earlier or later than by ours.
constexpr absl::Duration kDeadlineTolerance = absl::Milliseconds(10);

}  // namespace

Caller::Caller(OpenCalls* open_calls, const grpc::CallbackServerContext& context)
    : place_(open_calls), arrival_(SteadyNow()), deadline_(SteadyTime(context.deadline())) {}

// A deadline that passes is a cancellation too, for gRPC: by its own timer here, or by the client,
// which gives up at the same moment.
void Caller::Leave() {
  absl::StatusCode still_waits = absl::StatusCode::kOk;
  abandoned_.compare_exchange_strong(still_waits, SteadyNow() + kDeadlineTolerance < deadline_
                                                      ? absl::StatusCode::kCancelled
                                                      : absl::StatusCode::kDeadlineExceeded);
}

}  // namespace verdict
