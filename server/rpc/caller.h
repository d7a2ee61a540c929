// The client side of a call: who it is, its arrival, its deadline, whether it still waits.
#ifndef VERDICT_SERVER_RPC_CALLER_H_
#define VERDICT_SERVER_RPC_CALLER_H_

#include <grpcpp/support/server_callback.h>

#include <atomic>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/batching/open_calls.h"
#include "server/metrics/named_caller.h"

namespace verdict {

// Lives as long as its call. All methods may be called from any thread.
class Caller {
 public:
  Caller(OpenCalls* open_calls, const grpc::CallbackServerContext& context);

  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  // The token says who it is; before anything else is asked.
  void Name(const NamedCaller* named) { named_ = named; }

  // gRPC says that the caller does not wait any more; only the first call counts.
  void Leave();

  const NamedCaller& named() const { return *named_; }
  absl::Time arrival() const { return arrival_; }
  absl::Time deadline() const { return deadline_; }
  // Becomes CANCELLED when the caller goes away, DEADLINE_EXCEEDED when its deadline passes; until
  // then OK.
  const std::atomic<absl::StatusCode>& abandoned() const { return abandoned_; }

 private:
  const OpenCalls::Place place_;
  const NamedCaller* named_ = &AnyCaller();
  const absl::Time arrival_;
  const absl::Time deadline_;
  std::atomic<absl::StatusCode> abandoned_ = absl::StatusCode::kOk;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_RPC_CALLER_H_
