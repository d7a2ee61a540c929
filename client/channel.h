// The way to the servers.
#ifndef VERDICT_CLIENT_CHANNEL_H_
#define VERDICT_CLIENT_CHANNEL_H_

#include <grpcpp/channel.h>

#include <memory>

#include "absl/status/statusor.h"
#include "client/client_options.h"

namespace verdict {

// Which servers calls go to.
enum class Servers {
  kServing,  // those whose health says that they serve verdict.v1.Classifier
  kAll,      // those that can be reached: for who asks about their health
};

// A channel of its own connections, one to each server, made when the first call needs them and
// again when they were lost. Calls go round the `servers`; of those that serve, one that drains is
// left at once. It does not retry; Client does. Of
// `options`, `timeout`, `wait_for_ready` and `attempts` are the calls', not the channel's.
//
// INVALID_ARGUMENT: `server` is no target (ToTarget), or options do not fit together
// (MakeCredentials, TokenFile). NOT_FOUND, ...: a file cannot be read.
absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const ClientOptions& options,
                                                           Servers servers = Servers::kServing);

}  // namespace verdict

#endif  // VERDICT_CLIENT_CHANNEL_H_
