// The service over HTTP: the JSON form of its unary calls.
#ifndef VERDICT_SERVER_API_JSON_API_H_
#define VERDICT_SERVER_API_JSON_API_H_

#include <grpcpp/channel.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/batching/admission.h"
#include "server/http/message.h"
#include "server/http/origins.h"
#include "server/metrics/metrics.h"
#include "server/security/bearer_tokens.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {

// Turns a request into a call of the gRPC service itself, and the reply into JSON. So there is one
// way to the engine: what HTTP brings is validated, admitted, queued, drained, counted and asked
// for its token where every call is.
//
//   POST /v1/classify        ClassifyRequest -> ClassifyResponse
//   POST /v1/classify:batch  ClassifyBatchRequest -> ClassifyBatchResponse
//   POST /v1/tokenize        TokenizeRequest -> TokenizeResponse
//   GET  /v1/model           GetModelResponse
//
// An error is a google.rpc.Status. No thread waits for a call, but each holds memory until its
// reply is sent, so kMost of them are taken at a time. A call without the header `Grpc-Timeout`
// gives up after kTimeout, which is also the most that one can ask for.
//
// The token is looked at first: who has none gets 401 whatever the body is, and takes no place. A
// body counts as bytes in flight from before it is read until it is parsed; then the call has a
// ticket of its own, and a place.
//
// The call goes on with the trace that the headers `traceparent` and `tracestate` tell of, and the
// reply has the call's `traceparent`, if it has one.
//
// A browser brings the requests of any page it shows: those of pages of other origins are refused
// (origins.h).
//
// Any thread may use it. It must outlive the server that has its routes.
class JsonApi {
 public:
  static constexpr int kMost = 64;
  static constexpr absl::Duration kTimeout = absl::Seconds(10);

  struct Access {
    // How the service is reached: a channel within the process.
    std::shared_ptr<grpc::Channel> channel;
    // Not OK: nobody may call over HTTP, and this is what they get.
    absl::Status entry;
    BearerTokens* tokens = nullptr;  // null: calls need none
    HttpOrigins origins;
    size_t max_text_bytes = 0;
    Admission* admission = nullptr;
    Metrics* metrics = nullptr;
  };

  explicit JsonApi(Access access);

  JsonApi(const JsonApi&) = delete;
  JsonApi& operator=(const JsonApi&) = delete;

  // Whether who sends `http` may call: by the entry, its token, and the origin of its page.
  absl::Status CheckCaller(const HttpRequest& http) const;

  // Its four paths.
  std::vector<HttpRoute> Routes();

  // The most bytes of a body for a batch. A worker reads a megabyte of JSON in about a tenth of a
  // second, and does nothing else meanwhile.
  static constexpr size_t kMostBatchBytes = size_t{4} << 20;

  // The most bytes of a body whose texts have `text_bytes`: JSON may spell each as \u00xx.
  static constexpr size_t MaxBodyBytes(size_t text_bytes) { return 6 * text_bytes + (16 << 10); }

 private:
  // What all its calls share; they may outlive the JsonApi by a moment.
  struct Shared {
    Access access;
    std::unique_ptr<v1::Classifier::Stub> stub;
    std::atomic<int> calls = 0;
  };

  class Place;
  template <typename Request, typename Response>
  class Call;

  template <typename Request, typename Response>
  HttpMethod MethodOf(typename Call<Request, Response>::Start start,
                      size_t max_body_bytes = 0) const;

  const std::shared_ptr<Shared> shared_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_API_JSON_API_H_
