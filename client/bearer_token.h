// The token that a client shows with each call.
#ifndef VERDICT_CLIENT_BEARER_TOKEN_H_
#define VERDICT_CLIENT_BEARER_TOKEN_H_

#include <grpcpp/support/client_interceptor.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace verdict {

// Adds `authorization: Bearer TOKEN` to all calls of a channel, TLS or not: gRPC's own call
// credentials refuse a channel without. The token is the first line of the file, which is looked at
// again every few seconds: a changed one is used from then on, an unreadable one leaves the last.
//
// INVALID_ARGUMENT: the file has no token. NOT_FOUND, ...: it cannot be read.
absl::StatusOr<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>>
MakeBearerToken(const std::string& token_file);

}  // namespace verdict

#endif  // VERDICT_CLIENT_BEARER_TOKEN_H_
