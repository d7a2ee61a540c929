#include "server/transport/entry.h"

#include <grpcpp/server_context.h>

#include "absl/strings/string_view.h"
#include "latency/steady_clock.h"

namespace verdict {

absl::StatusOr<const NamedCaller*> CheckToken(BearerTokens* tokens,
                                              const grpc::ServerContextBase& context) {
  if (tokens == nullptr) return &AnyCaller();
  const auto header = context.client_metadata().find("authorization");
  if (header == context.client_metadata().end()) return tokens->Check(nullptr, SteadyNow());
  const absl::string_view value(header->second.data(), header->second.size());
  return tokens->Check(&value, SteadyNow());
}

}  // namespace verdict
