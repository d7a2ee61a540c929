// Who may call: the bearer token in a call's headers.
#ifndef VERDICT_SERVER_TRANSPORT_ENTRY_H_
#define VERDICT_SERVER_TRANSPORT_ENTRY_H_

#include "absl/status/status.h"
#include "server/security/bearer_tokens.h"

namespace grpc {
class ServerContextBase;
}  // namespace grpc

namespace verdict {

// Whether the call's `authorization` header has one of `tokens`, which may be null: then no call
// needs one. From any thread.
//
// UNAUTHENTICATED: see BearerTokens::Check.
absl::Status CheckToken(BearerTokens* tokens, const grpc::ServerContextBase& context);

}  // namespace verdict

#endif  // VERDICT_SERVER_TRANSPORT_ENTRY_H_
