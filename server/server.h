// verdictd without its main: a loaded model behind its ports.
#ifndef VERDICT_SERVER_SERVER_H_
#define VERDICT_SERVER_SERVER_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/model.h"
#include "server/api/history.h"
#include "server/api/json_api.h"
#include "server/batching/admission.h"
#include "server/batching/batcher.h"
#include "server/batching/open_calls.h"
#include "server/batching/sliced_work.h"
#include "server/batching/waiting_line.h"
#include "server/drain_plan.h"
#include "server/http/server.h"
#include "server/metrics/metrics.h"
#include "server/options.h"
#include "server/process/watchdog.h"
#include "server/rpc/serving.h"
#include "server/security/bearer_tokens.h"
#include "server/security/tls_credentials.h"
#include "server/services/health.h"
#include "server/services/reflection_service.h"
#include "server/tracing/tracing.h"
#include "server/transport/goaway.h"
#include "server/transport/listener.h"
#include "server/transport/open_streams.h"
#include "server/transport/unfinished_requests.h"
#include "server/transport/unknown_methods.h"

namespace grpc {
class Server;
class ServerBuilder;
class ServerCredentials;
class Service;
}  // namespace grpc

namespace verdict {

// Loads the model that `options` name. `*load` is the time that it took.
//
// Codes and messages are LoadModel's.
absl::StatusOr<Model> LoadServedModel(const ServerOptions& options, absl::Duration* load);

// One running server. Start, Drain and the destructor belong to one thread; the ports may be asked
// for from any.
class Server {
 public:
  // Serves `model`, which took `load` to load: gRPC, then HTTP and health, and only then it is
  // ready.
  //
  // UNAVAILABLE: cannot listen on an address. INVALID_ARGUMENT: it is not an address.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options, Model model,
                                                       absl::Duration load);

  // Ends what is left at once, but waits for the batch in the engine.
  ~Server();

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Goes away without a loss: at once not ready any more, while calls are taken as before for the
  // delay; then nobody can connect, clients are asked to leave their connections, and what was
  // accepted is finished, for at most the timeout; then texts that still wait are ended with
  // UNAVAILABLE. DrainPlan says when. Streams are ended after the delay with UNAVAILABLE, once all
  // that was read of them is answered; one whose client does not read is cancelled. Returns when
  // all statuses have left and nobody calls any more, or 0.85 s after the timeout.
  //
  // What may be left then are clients that do not read what they asked for
  // or that call whatever they are told, and a batch that takes long. The end of the process ends
  // them best: gRPC's own shutdown answers CANCELLED, which clients do not retry, to every call
  // that comes after it has begun and before the client knows.
  void Drain(const DrainTimes& times);

  // Of the first address that has one.
  int grpc_port() const { return listener_->port(); }
  int http_port() const { return http_->port(); }
  // 0: there is none.
  int health_port() const { return health_listener_ == nullptr ? 0 : health_listener_->port(); }

 private:
  Server(const ServerOptions& options, Model model, absl::Duration load,
         std::unique_ptr<BearerTokens> tokens);

  // Builds `*server` and accepts its connections at `addresses`, which `option` gave.
  //
  // UNAVAILABLE: cannot listen there.
  static absl::StatusOr<std::unique_ptr<Listener>> Listen(
      absl::string_view option, const std::vector<std::string>& addresses,
      std::shared_ptr<grpc::ServerCredentials> credentials, grpc::ServerBuilder* builder,
      const ConnectionLimits& limits, Listener::Report report,
      std::unique_ptr<grpc::Server>* server);
  absl::Status StartGrpc(const ServerOptions& options);
  void StartHttpEntry(const ServerOptions& options);
  absl::Status StartHttp(const ServerOptions& options);
  absl::Status StartHealth(const ServerOptions& options);

  // Waits until a step of the drain is over.
  void Await(DrainStep step, const DrainPlan& plan, const Goaways& goaways);
  void CancelStreamsStalledSince(absl::Time since);

  // In the order of who needs whom: each is used by those after it.
  const Model model_;
  Metrics metrics_;
  History history_{metrics_};
  Tracing tracing_;
  WaitingLine line_;
  Admission admission_;
  OpenCalls open_calls_;
  Batcher batcher_;
  UnfinishedRequests unfinished_;
  SlicedWork slices_;
  OpenStreams streams_;
  const std::unique_ptr<BearerTokens> tokens_;  // null: calls need none
  const Serving serving_;
  const std::unique_ptr<grpc::Service> service_;
  const std::unique_ptr<grpc::Service> http_service_;
  UnknownMethods unknown_methods_{&metrics_};
  Health health_{&unfinished_};
  const std::unique_ptr<grpc::Service> health_service_;
  const std::unique_ptr<grpc::Service> plain_health_service_;
  ReflectionService reflection_;
  std::vector<std::unique_ptr<grpc::Service>> reflection_services_;  // none: it is off
  std::atomic<bool> ready_ = false;
  std::atomic<bool> draining_ = false;
  std::shared_ptr<TlsCredentials> tls_;  // null: there is no TLS
  std::unique_ptr<grpc::Server> grpc_;
  std::unique_ptr<Listener> listener_;           // of grpc_
  std::unique_ptr<grpc::Server> health_server_;  // null: there is no such port
  std::unique_ptr<Listener> health_listener_;    // likewise
  // Has a channel within the process and no port. A GOAWAY ends such a channel at once, with the
  // calls in it, so it is none of grpc_.
  std::unique_ptr<grpc::Server> http_entry_;
  std::unique_ptr<JsonApi> json_api_;
  std::unique_ptr<HttpServer> http_;
  std::optional<Watchdog> watchdog_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_SERVER_H_
