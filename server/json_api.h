// The service over HTTP: the JSON form of its unary calls.
#ifndef VERDICT_SERVER_JSON_API_H_
#define VERDICT_SERVER_JSON_API_H_

#include <google/protobuf/message.h>
#include <grpcpp/channel.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/admission.h"
#include "server/bearer_tokens.h"
#include "server/http_message.h"
#include "server/metrics.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {

// Turns a request into a call of the gRPC service itself, and the reply into JSON. So there is one
// way to the engine: what HTTP brings is validated, admitted, queued, drained, counted and asked
// for its token where every call is.
//
//   POST /v1/classify   ClassifyRequest -> ClassifyResponse
//   POST /v1/tokenize   TokenizeRequest -> TokenizeResponse
//   GET  /v1/model      GetModelResponse
//
// An error is a google.rpc.Status. A request that waits has a thread of the HTTP server, and a
// reply memory until it is sent, so kMost of them are taken at a time, and a call without the
// header `Grpc-Timeout` gives up after kTimeout, which is also the most that one can ask for.
//
// The token is looked at first: who has none gets 401 whatever the body is, and takes no place.
//
// A browser brings the requests of any page it shows: those of pages of other origins are refused.
//
// It must outlive the server that has its routes.
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
    size_t max_body_bytes = 0;
    Admission* admission = nullptr;
    Metrics* metrics = nullptr;
  };

  explicit JsonApi(Access access);

  JsonApi(const JsonApi&) = delete;
  JsonApi& operator=(const JsonApi&) = delete;

  // Its three paths.
  std::vector<HttpRoute> Routes();

  // The most bytes of a request whose texts have `text_bytes`: JSON may spell each as \u00xx.
  static constexpr size_t MaxBodyBytes(size_t text_bytes) { return 6 * text_bytes + (16 << 10); }

 private:
  using Stub = v1::Classifier::Stub;

  template <typename Request, typename Response>
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

  template <typename Request, typename Response>
  HttpResponse Call(HttpRequest& http, Method<Request, Response> method);

  // Whether somebody may call, and with this token.
  absl::Status CheckEntry(const HttpRequest& http) const;

  // Reads `*message` from the body; else what to answer instead.
  std::optional<HttpResponse> Read(HttpRequest& http, google::protobuf::Message* message) const;

  const Access access_;
  const std::unique_ptr<Stub> stub_;
  std::atomic<int> calls_ = 0;
};

// Whether a browser sends this for a page of another origin. It says so by `Sec-Fetch-Site`, or
// where it does not trust the connection enough for that, by an `Origin` that is not the `Host`.
// Whoever is no browser has neither header.
bool IsCrossOrigin(const HttpRequest& request);

}  // namespace verdict

#endif  // VERDICT_SERVER_JSON_API_H_
