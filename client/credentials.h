// What a client shows, and wants to see, before it speaks.
#ifndef VERDICT_CLIENT_CREDENTIALS_H_
#define VERDICT_CLIENT_CREDENTIALS_H_

#include <grpcpp/security/credentials.h>

#include <memory>

#include "absl/status/statusor.h"
#include "client/client_options.h"

namespace verdict {

// TLS if `options.tls_ca` is given, plain text otherwise. The files are read and checked here.
//
// INVALID_ARGUMENT: the tls_ options do not fit together, or a file is not what it should be.
// NOT_FOUND, PERMISSION_DENIED, ...: a file cannot be read.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const ClientOptions& options);

}  // namespace verdict

#endif  // VERDICT_CLIENT_CREDENTIALS_H_
