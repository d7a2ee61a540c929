// One call of a load on its way, and how those that have ended come back.
#ifndef VERDICT_CLIENT_LOAD_CALL_H_
#define VERDICT_CLIENT_LOAD_CALL_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/load/mix.h"
#include "client/load/recorder.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

class LoadStream;

// A call, a message on a stream, or a stream; used again and again, so that a call allocates
// nothing but what gRPC does.
//
// The thread that paces the load owns it, but for the time between its start and its return through
// EndedCalls: then gRPC has it, and only TryCancel may be called.
struct LoadCall {
  PlannedCall plan;
  LoadMethod method = LoadMethod::kClassify;
  size_t stage = 0;
  absl::Duration intended;       // its start; this and `ended` from the start of the load
  uint64_t generation = 0;       // grows with each use
  uint64_t id = 0;               // unique in a load
  LoadStream* stream = nullptr;  // that carries it, if it is a message
  int attempt = 1;
  bool cancel_requested = false;

  std::optional<grpc::ClientContext> context;  // not of a message
  v1::ClassifyBatchRequest batch_request;      // others are sent as they were prepared

  // The reply to whatever it was.
  v1::ClassifyResponse classified;  // also a message's
  v1::ClassifyBatchResponse batch;
  v1::TokenizeResponse tokens;
  v1::GetModelResponse model;

  // Set by who ends it.
  absl::StatusCode code = absl::StatusCode::kUnknown;
  absl::Duration ended;
};

// Brings calls back that have ended. Their order of ending is kept.
//
// Thread-safe; one thread at a time may wait and take.
class EndedCalls {
 public:
  void Push(LoadCall* call);

  // Sleeps for at most `timeout`; if `for_a_call`, only until there is one to take. Who need not
  // know at once is not woken for each call.
  void Wait(absl::Duration timeout, bool for_a_call);

  // Exchanges `*calls`, which must be empty, for all that have ended since the last time.
  void Take(std::vector<LoadCall*>* calls);

 private:
  // Not absl's, whose timed waits follow the wall clock. Guards all below.
  std::mutex mutex_;
  std::condition_variable ended_;
  bool for_a_call_ = false;
  std::vector<LoadCall*> calls_;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_CALL_H_
