// The connections that a load goes through.
#ifndef VERDICT_CLIENT_LOAD_CONNECTIONS_H_
#define VERDICT_CLIENT_LOAD_CONNECTIONS_H_

#include <grpcpp/channel.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/client_options.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {

// Some channels to the same servers, each with connections of its own. A server takes a limited
// number of calls at a time from a connection, and gRPC lets the others wait for it in silence.
//
// Thread-compatible.
class LoadConnections {
 public:
  // Codes and messages are OpenChannel's. Nothing is connected yet.
  static absl::StatusOr<LoadConnections> Create(const ClientOptions& options, int connections);

  // Connects, so that no call pays for it.
  // UNAVAILABLE: there is no server; with wait_for_ready only after a while.
  absl::Status Connect() const;

  // REQUIRES: index < size()
  v1::Classifier::Stub* stub(size_t index) const { return stubs_[index].get(); }
  std::vector<v1::Classifier::Stub*> stubs() const;
  size_t size() const { return stubs_.size(); }

 private:
  LoadConnections(const ClientOptions& options,
                  std::vector<std::shared_ptr<grpc::Channel>> channels);

  ClientOptions options_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<std::unique_ptr<v1::Classifier::Stub>> stubs_;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_CONNECTIONS_H_
