// Who may call: the bearer token in a call's headers.
#ifndef VERDICT_SERVER_TRANSPORT_ENTRY_H_
#define VERDICT_SERVER_TRANSPORT_ENTRY_H_

#include "absl/status/statusor.h"
#include "server/metrics/named_caller.h"
#include "server/security/bearer_tokens.h"

namespace grpc {
class ServerContextBase;
}  // namespace grpc

namespace verdict {

// Who calls, by the token in the call's `authorization` header; AnyCaller if `tokens` is null, and
// no call needs one. From any thread.
//
// UNAUTHENTICATED: see BearerTokens::Check.
absl::StatusOr<const NamedCaller*> CheckToken(BearerTokens* tokens,
                                              const grpc::ServerContextBase& context);

}  // namespace verdict

#endif  // VERDICT_SERVER_TRANSPORT_ENTRY_H_
