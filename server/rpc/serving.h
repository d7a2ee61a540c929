// What every call of the service works with.
#ifndef VERDICT_SERVER_RPC_SERVING_H_
#define VERDICT_SERVER_RPC_SERVING_H_

#include <string>

#include "engine/model.h"
#include "server/batching/admission.h"
#include "server/batching/batcher.h"
#include "server/batching/open_calls.h"
#include "server/batching/sliced_work.h"
#include "server/batching/waiting_line.h"
#include "server/contract/validation.h"
#include "server/metrics/metrics.h"
#include "server/security/bearer_tokens.h"
#include "server/tracing/followed_call.h"
#include "server/tracing/tracing.h"
#include "server/transport/open_streams.h"
#include "server/transport/unfinished_requests.h"

namespace verdict {

// All of it may be used from any thread, and outlives the calls.
struct Serving {
  const Model* model = nullptr;
  Batcher* batcher = nullptr;
  Admission* admission = nullptr;
  UnfinishedRequests* unfinished = nullptr;
  SlicedWork* slices = nullptr;  // large requests
  OpenStreams* streams = nullptr;
  WaitingLine* line = nullptr;  // of streams, for room
  OpenCalls* open_calls = nullptr;
  BearerTokens* tokens = nullptr;  // null: calls need none
  Metrics* metrics = nullptr;
  Tracing* tracing = nullptr;
  std::string model_name;
  std::string version;
  bool by_http = false;  // the HTTP port makes its calls
  RequestLimits limits;
  ClassifyDefaults defaults;

  FollowedCall::Kind KindOf(Method method) const {
    return {.method = method, .model = model_name, .by_http = by_http};
  }
};

}  // namespace verdict

#endif  // VERDICT_SERVER_RPC_SERVING_H_
