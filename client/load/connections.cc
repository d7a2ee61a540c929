#include "client/load/connections.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "client/channel.h"
#include "latency/steady_clock.h"

namespace verdict {
namespace {

// A server that starts may load its model first, whatever the deadline of a call is.
constexpr absl::Duration kPatience = absl::Seconds(30);

absl::Status AwaitConnection(grpc::Channel* channel, bool wait, absl::Time deadline) {
  for (;;) {
    const grpc_connectivity_state state = channel->GetState(/*try_to_connect=*/true);
    if (state == GRPC_CHANNEL_READY) return absl::OkStatus();
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE && !wait) {
      return absl::UnavailableError("cannot connect");
    }
    if (!channel->WaitForStateChange(state, WallTime(deadline))) {
      return absl::UnavailableError("not connected in time");
    }
  }
}

}  // namespace

absl::StatusOr<LoadConnections> LoadConnections::Create(const ClientOptions& options,
                                                        int connections) {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < connections; ++i) {
    absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = OpenChannel(options);
    if (!channel.ok()) return channel.status();
    channels.push_back(*std::move(channel));
  }
  return LoadConnections(options, std::move(channels));
}

LoadConnections::LoadConnections(const ClientOptions& options,
                                 std::vector<std::shared_ptr<grpc::Channel>> channels)
    : options_(options), channels_(std::move(channels)) {
  for (const std::shared_ptr<grpc::Channel>& channel : channels_) {
    stubs_.push_back(v1::Classifier::NewStub(channel));
  }
}

absl::Status LoadConnections::Connect() const {
  const absl::Time deadline = SteadyNow() + kPatience;
  for (const std::shared_ptr<grpc::Channel>& channel : channels_) {
    absl::Status status = AwaitConnection(channel.get(), options_.wait_for_ready, deadline);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

std::vector<v1::Classifier::Stub*> LoadConnections::stubs() const {
  std::vector<v1::Classifier::Stub*> stubs;
  stubs.reserve(stubs_.size());
  for (const auto& stub : stubs_) stubs.push_back(stub.get());
  return stubs;
}

}  // namespace verdict
