// The name of one server, or several, as gRPC wants it.
#ifndef VERDICT_CLIENT_TARGET_H_
#define VERDICT_CLIENT_TARGET_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace verdict {

// What `servers` is to gRPC:
//
//   10.0.0.1:50051,10.0.0.2:50051   ipv4:10.0.0.1:50051,10.0.0.2:50051
//   [::1]:50051                     ipv6:[::1]:50051
//   verdict.internal:50051          dns:verdict.internal:50051, which may have many addresses
//   unix:/run/verdict.sock          itself, as all that begins with dns:, ipv4:, ipv6: or unix:
//
// A list of names is refused: gRPC resolves one name a channel, and addresses that we had looked up
// once would go stale. So is a list of both kinds of addresses, which gRPC cannot be told.
//
// INVALID_ARGUMENT: not of these forms, or without a port.
absl::StatusOr<std::string> ToTarget(absl::string_view servers);

}  // namespace verdict

#endif  // VERDICT_CLIENT_TARGET_H_
