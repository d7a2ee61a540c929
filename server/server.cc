#include "server/server.h"

#include <grpcpp/impl/codegen/service_type.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <functional>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/machine/cpu_limits.h"
#include "latency/steady_clock.h"
#include "server/api/debug_routes.h"
#include "server/api/routes.h"
#include "server/api/status_page.h"
#include "server/log/log.h"
#include "server/rpc/classifier_service.h"
#include "server/transport/connection_settings.h"
#include "server/transport/goaway.h"

namespace verdict {
namespace {

// Larger batches gain little: the products are at the machine's limit from some 128 rows a thread
// on. And what is computed in large steps is late in large steps, when a deadline is only a few.
constexpr int64_t kBatchTokensPerThread = 192;

TextQueue::Limits QueueLimits(const ServerOptions& options, int threads) {
  TextQueue::Limits limits = options.queue;
  if (limits.max_batch_tokens == 0) limits.max_batch_tokens = kBatchTokensPerThread * threads;
  return limits;
}

// A reply may be as long as the texts that --max-text-bytes allows make it.
grpc::ChannelArguments JsonChannelArguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  return arguments;
}

// The HTTP port asks nobody for a certificate, and must not be the way around it.
absl::Status HttpEntry(const TlsPaths& tls) {
  if (tls.client_ca.empty()) return absl::OkStatus();
  return absl::PermissionDeniedError(
      "this server wants a client certificate (--tls-client-ca), which its HTTP port cannot ask "
      "for; call it over gRPC");
}

// As many as have room together, if each is as large as it may be.
size_t MostSlowRequests(const ServerOptions& options) {
  return static_cast<size_t>(options.admission.max_bytes / MaxRequestBytes(options.requests));
}

// Orchestrators' probes.
constexpr ConnectionLimits kHealthConnections = {.in_all = 128, .by_address = 64};

// How long the end of the process waits for a collector to take the last spans.
constexpr absl::Duration kLastSpans = absl::Milliseconds(200);

// Who sends spans, by OpenTelemetry's names. An instance is this run of the process.
SpanResource ResourceOf(const ServerOptions& options, const Model& model) {
  return {{"service.name", "verdictd"},
          {"service.version", VERDICT_VERSION},
          {"service.instance.id", Hex(SpanIds::RandomSeed())},
          {"verdict.model", options.model_name},
          {"verdict.model.revision", model.revision}};
}

// The same for calls that the HTTP port makes.
Serving ByHttp(Serving serving) {
  serving.by_http = true;
  return serving;
}

// How long a stream's client may leave a reply unread while others wait for room.
constexpr absl::Duration kStalledPatience = absl::Seconds(10);

}  // namespace

absl::StatusOr<Model> LoadServedModel(const ServerOptions& options, absl::Duration* load) {
  const int threads =
      options.threads > 0 ? options.threads : UsableThreads(CpuQuota(""), AffinityCpus());
  const absl::Time start = SteadyNow();
  const int64_t batch_tokens = QueueLimits(options, threads).max_batch_tokens;
  absl::StatusOr<Model> model =
      LoadModel(options.model_directory, {.threads = threads,
                                          .max_batch_tokens = static_cast<int>(batch_tokens),
                                          .max_tokens = options.max_tokens,
                                          .precision = options.precision,
                                          .kernels = options.kernels});
  *load = SteadyNow() - start;
  if (!model.ok()) return model.status();
  for (const std::string& warning : model->warnings) Log(LogLevel::kWarning, warning);
  Log(LogLevel::kInfo, "model loaded",
      {{"directory", options.model_directory},
       {"revision", model->revision},
       {"max_tokens", model->config.max_tokens()},
       {"precision", model->engine->info().precision},
       {"isa", model->engine->info().isa},
       {"kernels", model->engine->info().kernels},
       {"threads", model->engine->info().threads},
       {"seconds", absl::ToDoubleSeconds(*load)}});
  return model;
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, Model model,
                                                      absl::Duration load) {
  std::unique_ptr<BearerTokens> tokens;
  if (!options.auth_token_file.empty()) {
    auto opened = BearerTokens::Open(options.auth_token_file, SteadyNow());
    if (!opened.ok()) return opened.status();
    tokens = *std::move(opened);
  }
  std::unique_ptr<Server> server(new Server(options, std::move(model), load, std::move(tokens)));
  if (absl::Status status = server->StartGrpc(options); !status.ok()) return status;
  if (absl::Status status = server->StartHttp(options); !status.ok()) return status;
  if (absl::Status status = server->StartHealth(options); !status.ok()) return status;
  server->health_.Set(true);
  server->ready_ = true;
  server->metrics_.SetReady(true);
  server->watchdog_.emplace([server = server.get()] {
    const absl::Time now = SteadyNow();
    server->history_.Sample(now);
    server->streams_.EndOpenedBefore(now - kMaxStreamAge);
    if (server->tls_ != nullptr) server->tls_->LookAgain();
    // Who does not read keeps room that others wait for.
    if (!server->line_.empty()) server->CancelStreamsStalledSince(now - kStalledPatience);
    const absl::Duration stalled = server->batcher_.Stalled(now);
    server->metrics_.SetEngineStalled(stalled);
    return stalled;
  });
  Log(LogLevel::kInfo, "serving",
      {{"model", options.model_name},
       {"grpc", absl::StrJoin(server->listener_->addresses(), ",")},
       {"http", absl::StrJoin(server->http_->addresses(), ",")},
       {"health", server->health_listener_ == nullptr
                      ? "none"
                      : absl::StrJoin(server->health_listener_->addresses(), ",")}});
  return server;
}

Server::Server(const ServerOptions& options, Model model, absl::Duration load,
               std::unique_ptr<BearerTokens> tokens)
    : model_(std::move(model)),
      metrics_(ServedModel{.name = options.model_name,
                           .revision = model_.revision,
                           .precision = model_.engine->info().precision,
                           .isa = model_.engine->info().isa,
                           .kernels = model_.engine->info().kernels,
                           .rejected_kernels = model_.engine->info().rejected_kernels,
                           .threads = model_.engine->info().threads,
                           .load = load}),
      tracing_(options.tracing, ResourceOf(options, model_), &metrics_),
      admission_(
          options.admission, &metrics_,
          [this](double part) { return batcher_.TimeUntilDone(part); }, &line_),
      batcher_(model_.engine.get(), &metrics_, QueueLimits(options, model_.engine->info().threads),
               {.line = &line_, .tracer = &tracing_.tracer()}),
      unfinished_(MostSlowRequests(options)),
      slices_(model_.engine->info().threads),
      tokens_(std::move(tokens)),
      serving_({.model = &model_,
                .batcher = &batcher_,
                .admission = &admission_,
                .unfinished = &unfinished_,
                .slices = &slices_,
                .streams = &streams_,
                .line = &line_,
                .open_calls = &open_calls_,
                .tokens = tokens_.get(),
                .metrics = &metrics_,
                .tracing = &tracing_,
                .model_name = options.model_name,
                .version = VERDICT_VERSION,
                .limits = options.requests,
                .defaults = {.activation = ModelActivation(model_.config),
                             .truncation = options.truncation,
                             .labels = model_.config.labels.size()}}),
      service_(MakeClassifierService(serving_)),
      http_service_(MakeClassifierService(ByHttp(serving_))),
      health_service_(health_.MakeService()),
      plain_health_service_(health_.MakeService()),
      reflection_({"verdict.v1.Classifier", "grpc.health.v1.Health"}, tokens_.get()) {
  if (tokens_ != nullptr) {
    tokens_->SetListener([this](const NamedCaller& caller) { metrics_.outcomes().Add(caller); });
  }
  if (options.reflection) reflection_services_ = reflection_.MakeServices();
}

Server::~Server() {
  watchdog_.reset();
  if (listener_ != nullptr) listener_->Stop();
  if (health_listener_ != nullptr) health_listener_->Stop();
  batcher_.Drain(absl::InfinitePast());
  if (health_server_ != nullptr) health_server_->Shutdown(std::chrono::system_clock::now());
  if (http_entry_ != nullptr) http_entry_->Shutdown(std::chrono::system_clock::now());
  if (grpc_ != nullptr) grpc_->Shutdown(std::chrono::system_clock::now());
}

absl::StatusOr<std::unique_ptr<Listener>> Server::Listen(
    absl::string_view option, const std::vector<std::string>& addresses,
    std::shared_ptr<grpc::ServerCredentials> credentials, grpc::ServerBuilder* builder,
    const ConnectionLimits& limits, Listener::Report report,
    std::unique_ptr<grpc::Server>* server) {
  absl::StatusOr<ListeningSockets> sockets = ListeningSockets::Open(option, addresses);
  if (!sockets.ok()) return sockets.status();
  using Acceptor = grpc::experimental::ExternalConnectionAcceptor;
  const std::shared_ptr<Acceptor> acceptor = builder->experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      std::move(credentials));
  *server = builder->BuildAndStart();
  if (*server == nullptr) {
    return absl::UnavailableError(absl::StrCat(option, ": gRPC does not start, and logs why"));
  }
  auto listener = std::make_unique<Listener>(*std::move(sockets));
  listener->Start(
      limits,
      [acceptor](int descriptor) {
        Acceptor::NewConnectionParameters connection;
        connection.fd = descriptor;
        acceptor->HandleNewConnection(&connection);
      },
      std::move(report));
  return listener;
}

absl::Status Server::StartGrpc(const ServerOptions& options) {
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
  if (!options.tls.certificate.empty()) {
    auto tls = MakeTlsCredentials(
        options.tls, [this](absl::Time expiry) { metrics_.SetTlsCertificateExpiry(expiry); });
    if (!tls.ok()) return tls.status();
    credentials = tls_ = *std::move(tls);
  }
  grpc::ServerBuilder builder;
  ConfigureConnections(MaxRequestBytes(options.requests), options.admission.max_bytes, &builder);
  builder.RegisterService(service_.get());
  builder.RegisterService(health_service_.get());
  for (const auto& service : reflection_services_) builder.RegisterService(service.get());
  builder.RegisterCallbackGenericService(&unknown_methods_);
  auto listener = Listen(
      "--grpc-address", options.grpc_addresses, std::move(credentials), &builder,
      options.connections,
      [this](int open, int refused) { metrics_.SetConnections(open, refused); }, &grpc_);
  if (!listener.ok()) return listener.status();
  listener_ = *std::move(listener);
  return absl::OkStatus();
}

void Server::StartHttpEntry(const ServerOptions& options) {
  grpc::ServerBuilder builder;
  ConfigureConnections(MaxRequestBytes(options.requests), options.admission.max_bytes, &builder);
  builder.RegisterService(http_service_.get());
  http_entry_ = builder.BuildAndStart();
}

absl::Status Server::StartHttp(const ServerOptions& options) {
  StartHttpEntry(options);
  const auto liveness = [this] {
    const absl::Duration stalled = batcher_.Stalled(SteadyNow());
    if (stalled < kEnginePatience) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat(
        "the engine has not moved for ", absl::ToInt64Seconds(stalled), " s, with work to do"));
  };
  const auto readiness = [this] {
    if (draining_) return absl::UnavailableError("draining");
    return ready_ ? absl::OkStatus() : absl::UnavailableError("starting");
  };
  std::vector<HttpRoute> routes = HttpRoutes(metrics_, liveness, readiness);
  absl::c_move(StatusPageRoutes(), std::back_inserter(routes));
  routes.push_back(HistoryRoute(history_));
  json_api_ = std::make_unique<JsonApi>(
      JsonApi::Access{.channel = http_entry_->InProcessChannel(JsonChannelArguments()),
                      .entry = HttpEntry(options.tls),
                      .tokens = tokens_.get(),
                      .origins = HttpOrigins(options.http_allow_origins),
                      .max_text_bytes = options.requests.max_text_bytes,
                      .admission = &admission_,
                      .metrics = &metrics_});
  absl::c_move(json_api_->Routes(), std::back_inserter(routes));
  absl::c_move(DebugRoutes(tracing_.journal(), *json_api_, options.in_force),
               std::back_inserter(routes));
  absl::StatusOr<std::unique_ptr<HttpServer>> http =
      HttpServer::Start(options.http_addresses, std::move(routes),
                        {.origins = HttpOrigins(options.http_allow_origins),
                         .on_reply = [this](const std::string& route, int status) {
                           metrics_.CountHttpResponse(route, status);
                         }});
  if (!http.ok()) return http.status();
  http_ = *std::move(http);
  return absl::OkStatus();
}

absl::Status Server::StartHealth(const ServerOptions& options) {
  if (options.health_addresses.empty()) return absl::OkStatus();
  grpc::ServerBuilder builder;
  ConfigureConnections(kMaxHealthRequestBytes, 0, &builder);
  builder.RegisterService(plain_health_service_.get());
  auto listener = Listen("--health-address", options.health_addresses,
                         grpc::InsecureServerCredentials(), &builder, kHealthConnections,
                         /*report=*/nullptr, &health_server_);
  if (!listener.ok()) return listener.status();
  health_listener_ = *std::move(listener);
  return absl::OkStatus();
}

void Server::Drain(const DrainTimes& times) {
  draining_ = true;
  metrics_.SetReady(false);
  health_.Set(false);
  const Goaways goaways(grpc_.get());
  const DrainPlan plan(times, goaways.available(), SteadyNow());
  const auto await = [&](DrainStep step) { Await(step, plan, goaways); };
  await(DrainStep::kServe);
  goaways.Send();
  await(DrainStep::kMove);
  listener_->Stop();
  goaways.Send();
  streams_.Drain();
  if (goaways.available()) health_.EndWatches();  // they would keep their connections
  await(DrainStep::kLeave);
  open_calls_.Drain();
  await(DrainStep::kFinish);  // some may not have submitted their texts yet
  const size_t unfinished = batcher_.Drain(plan.deadline());
  await(DrainStep::kFlush);
  http_->AwaitAnswered(plan.Latest(DrainStep::kFlush, SteadyNow()));
  await(DrainStep::kQuiet);
  health_.EndWatches();
  await(DrainStep::kFarewell);
  tracing_.Flush(kLastSpans);
  Log(unfinished == 0 ? LogLevel::kInfo : LogLevel::kWarning, "drained",
      {{"unfinished_texts", unfinished}});
}

void Server::Await(DrainStep step, const DrainPlan& plan, const Goaways& goaways) {
  const absl::Time began = SteadyNow();
  int64_t arrived = open_calls_.arrived();
  DrainSeen seen;
  const auto is_over = [&] {
    const absl::Time now = SteadyNow();
    // To those, too, who were connecting while they were said.
    if (step == DrainStep::kLeave) goaways.Send();
    if (step >= DrainStep::kLeave) CancelStreamsStalledSince(DrainPlan::StalledSince(now));
    if (arrived != open_calls_.arrived()) seen.last_arrival = now;
    arrived = open_calls_.arrived();
    seen.connected = goaways.HasConnections();
    seen.accepted = open_calls_.accepted();
    seen.watched = health_.watched();
    return plan.IsOver(step, began, seen, now);
  };
  LookUntil(is_over, absl::InfiniteFuture());
}

void Server::CancelStreamsStalledSince(absl::Time since) {
  const int cancelled = streams_.CancelStalled(since);
  if (cancelled == 0) return;
  Log(LogLevel::kWarning, "cancelled streams whose clients do not read their replies",
      {{"streams", cancelled}});
}

}  // namespace verdict
