// Answers calls of methods that the server does not have.
#ifndef VERDICT_SERVER_TRANSPORT_UNKNOWN_METHODS_H_
#define VERDICT_SERVER_TRANSPORT_UNKNOWN_METHODS_H_

#include <grpcpp/generic/async_generic_service.h>

#include "server/metrics/metrics.h"

namespace verdict {

// Ends them with UNIMPLEMENTED and a message that names the method and those that there are, where
// gRPC's own answer is empty. Counts them under one name, since callers choose theirs.
//
// To be registered with a grpc::ServerBuilder by RegisterCallbackGenericService; gRPC calls it from
// any thread. The metrics must outlive it, and it the grpc::Server.
class UnknownMethods final : public grpc::CallbackGenericService {
 public:
  explicit UnknownMethods(Metrics* metrics) : metrics_(metrics) {}

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override;

 private:
  Metrics* const metrics_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TRANSPORT_UNKNOWN_METHODS_H_
