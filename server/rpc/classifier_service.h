// verdict.v1.Classifier over gRPC: registers its methods, and starts their calls.
#ifndef VERDICT_SERVER_RPC_CLASSIFIER_SERVICE_H_
#define VERDICT_SERVER_RPC_CLASSIFIER_SERVICE_H_

#include <memory>

#include "server/rpc/serving.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace verdict {

// The service, to be registered with a grpc::ServerBuilder. What `serving` points to must outlive
// it, and it must outlive the grpc::Server.
std::unique_ptr<grpc::Service> MakeClassifierService(Serving serving);

}  // namespace verdict

#endif  // VERDICT_SERVER_RPC_CLASSIFIER_SERVICE_H_
