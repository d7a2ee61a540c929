// What the server allows on its gRPC connections, before any call of ours begins.
#ifndef VERDICT_SERVER_TRANSPORT_CONNECTION_SETTINGS_H_
#define VERDICT_SERVER_TRANSPORT_CONNECTION_SETTINGS_H_

#include <cstdint>

#include "absl/time/time.h"

namespace grpc {
class ServerBuilder;
}  // namespace grpc

namespace verdict {

// The most bytes of a call's headers, names included. gRPC refuses more with RESOURCE_EXHAUSTED.
// That is enough for a bearer token.
inline constexpr int kMaxMetadataBytes = 16 << 10;

// The most calls at a time that a connection is told it may open. Only a client that listens is
// held to it: what is in flight altogether has a limit of its own.
inline constexpr int kMaxConcurrentStreams = 1000;

// How long a stream lives. Then it ends, told why, when what was read of it is answered. So no
// stream is cut off by the end of its connection, which takes no new calls after kConnectionAge
// (gRPC adds a tenth of jitter) and is closed kConnectionGrace later: the youngest stream on it has
// ended then.
inline constexpr absl::Duration kMaxStreamAge = absl::Minutes(10);
inline constexpr absl::Duration kConnectionAge = absl::Minutes(10);
inline constexpr absl::Duration kConnectionGrace = absl::Minutes(11);
static_assert(kConnectionGrace > kMaxStreamAge);

// The most bytes of a health check's request: it names a service.
inline constexpr int kMaxHealthRequestBytes = 4 << 10;

// What gRPC may hold for connections and calls, besides the bytes in flight.
inline constexpr int64_t kConnectionsBytes = int64_t{32} << 20;

// How connections live and end, what gRPC may hold for them (kConnectionsBytes and
// `bytes_in_flight`), and what may come through them: a call with a compressed message
// gets UNIMPLEMENTED, one with a larger message RESOURCE_EXHAUSTED. For every gRPC port of ours.
void ConfigureConnections(int max_request_bytes, int64_t bytes_in_flight,
                          grpc::ServerBuilder* builder);

}  // namespace verdict

#endif  // VERDICT_SERVER_TRANSPORT_CONNECTION_SETTINGS_H_
