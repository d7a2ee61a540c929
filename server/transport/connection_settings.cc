#include "server/transport/connection_settings.h"

#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>

namespace verdict {
namespace {

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(duration / absl::Milliseconds(1));
}

}  // namespace

// Connections that are gone without a word are noticed within 80 s; connections are renewed every
// ten minutes, so that clients behind a plain Kubernetes Service spread over new servers too.
void ConfigureConnections(int max_request_bytes, int64_t bytes_in_flight,
                          grpc::ServerBuilder* builder) {
  // gRPC collects a message before it asks us anything. What it holds is bounded here: near the
  // bound it reads less, drops new connections, and at last ends calls.
  builder->SetResourceQuota(grpc::ResourceQuota("verdict").Resize(
      static_cast<size_t>(bytes_in_flight + kConnectionsBytes)));
  // Two servers on one port would share its calls at random; we want the second to fail.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxConcurrentStreams);
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 3'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 20'000);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Milliseconds(kConnectionAge));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, Milliseconds(kConnectionGrace));
  builder->SetMaxReceiveMessageSize(max_request_bytes);  // more is not read to its end
  // gRPC inflates a message before it looks at its size: a megabyte could become a gigabyte.
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
}

}  // namespace verdict
