#include "client/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <string>
#include <utility>
#include <vector>

#include "client/bearer_token.h"
#include "client/credentials.h"
#include "client/target.h"
#include "latency/steady_clock.h"

namespace verdict {
namespace {

// gRPC's default sends everything to the first server that a name stands for, and believes in a
// server as long as its connection stands.
constexpr char kServiceConfig[] = R"({
  "loadBalancingConfig": [{"round_robin": {}}],
  "healthCheckConfig": {"serviceName": "verdict.v1.Classifier"}
})";

void ConfigureBalancing(grpc::ChannelArguments* arguments) {
  arguments->SetServiceConfigJSON(kServiceConfig);
  // Channels of one process would share connections, and how long to wait before the next attempt.
  arguments->SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // A server that restarts is found again within about a second, an address that swallows packets
  // is given up after five, and a name is looked up again once a second while servers are missing.
  arguments->SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments->SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments->SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments->SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1000);
}

// A server that is gone without a word is noticed within 40 s. The server permits a ping each 20 s.
void ConfigureKeepalive(grpc::ChannelArguments* arguments) {
  arguments->SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  arguments->SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments->SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments->SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
}

grpc::ChannelArguments MakeArguments(const ClientOptions& options, Servers servers) {
  grpc::ChannelArguments arguments;
  ConfigureBalancing(&arguments);
  if (servers == Servers::kAll) arguments.SetInt(GRPC_ARG_INHIBIT_HEALTH_CHECKING, 1);
  ConfigureKeepalive(&arguments);
  // A classifier is a neighbour: a proxy in the environment is for the outside world.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // The server's limits bound its replies; Tokenize multiplies a text by its tokens.
  arguments.SetMaxReceiveMessageSize(64 << 20);
  if (!options.tls_server_name.empty()) {
    arguments.SetSslTargetNameOverride(options.tls_server_name);
  } else if (const size_t comma = options.server.find(','); comma != std::string::npos) {
    // gRPC would make a list the :authority of each call, which some proxies refuse.
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, options.server.substr(0, comma));
  }
  return arguments;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const ClientOptions& options,
                                                           Servers servers) {
  const absl::StatusOr<std::string> target = ToTarget(options.server);
  if (!target.ok()) return target.status();
  const auto credentials = MakeCredentials(options);
  if (!credentials.ok()) return credentials.status();
  const grpc::ChannelArguments arguments = MakeArguments(options, servers);
  if (options.token_file.empty()) {
    return grpc::CreateCustomChannel(*target, *credentials, arguments);
  }
  absl::StatusOr<std::unique_ptr<TokenFile>> token =
      TokenFile::Open(options.token_file, SteadyNow());
  if (!token.ok()) return token.status();
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(ShowToken(*std::move(token)));
  return grpc::experimental::CreateCustomChannelWithInterceptors(*target, *credentials, arguments,
                                                                 std::move(interceptors));
}

}  // namespace verdict
