// verdict.v1.Classifier over gRPC: translates between the wire and the server, and decides nothing.
#ifndef VERDICT_SERVER_CLASSIFIER_SERVICE_H_
#define VERDICT_SERVER_CLASSIFIER_SERVICE_H_

#include <memory>
#include <string>

#include "engine/model.h"
#include "server/admission.h"
#include "server/batcher.h"
#include "server/metrics.h"
#include "server/validation.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace verdict {

// What every call works with.
struct Serving {
  const Model* model = nullptr;
  Batcher* batcher = nullptr;
  Admission* admission = nullptr;
  Metrics* metrics = nullptr;
  std::string model_name;
  std::string version;
  RequestLimits limits;
  ClassifyDefaults defaults;
};

// The service, to be registered with a grpc::ServerBuilder. What `serving` points to must outlive
// it, and it must outlive the grpc::Server.
std::unique_ptr<grpc::Service> MakeClassifierService(Serving serving);

}  // namespace verdict

#endif  // VERDICT_SERVER_CLASSIFIER_SERVICE_H_
