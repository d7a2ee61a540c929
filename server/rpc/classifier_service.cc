#include "server/rpc/classifier_service.h"

#include <grpcpp/server_context.h>

#include <memory>
#include <utility>
#include <vector>

#include "server/rpc/classify_batch_call.h"
#include "server/rpc/classify_call.h"
#include "server/rpc/classify_stream_call.h"
#include "server/rpc/get_model_call.h"
#include "server/rpc/tokenize_call.h"
#include "server/transport/entry.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {
namespace {

// Before anything of the request is looked at, or even read.
//
// UNAVAILABLE: draining. UNAUTHENTICATED: no token, or an unknown one.
absl::StatusOr<const NamedCaller*> CheckEntry(const Serving& serving,
                                              const grpc::CallbackServerContext& context) {
  if (absl::Status status = serving.open_calls->CheckOpen(); !status.ok()) {
    serving.metrics->CountShed(ShedReason::kDraining, 1);
    return status;
  }
  return CheckToken(serving.tokens, context);
}

// The one place where every call of every method begins. gRPC keeps a reactor at least until its
// start has returned it, even one that has ended.
template <typename AnyCall>
BytesReactor* Begin(const Serving& serving, grpc::CallbackServerContext* context, AnyCall* call) {
  if (const auto named = CheckEntry(serving, *context); named.ok()) {
    call->Read(*named);
  } else {
    call->Fail(named.status());
  }
  return call;
}

template <typename AnyCall>
BytesService::Method UnaryMethod(const std::string& name, std::shared_ptr<const Serving> serving) {
  return {name, [serving = std::move(serving)](grpc::CallbackServerContext* context) {
            return Begin(*serving, context, new AnyCall(*serving, context));
          }};
}

BytesService::Method StreamMethod(const std::string& name, std::shared_ptr<const Serving> serving) {
  return {name, [serving = std::move(serving)](grpc::CallbackServerContext* context) {
            return Begin(*serving, context, ClassifyStreamCall::New(*serving, context));
          }};
}

}  // namespace

std::unique_ptr<grpc::Service> MakeClassifierService(Serving serving) {
  const auto shared = std::make_shared<const Serving>(std::move(serving));
  return std::make_unique<BytesService>(v1::Classifier::service_full_name(),
                                        std::vector<BytesService::Method>{
                                            UnaryMethod<ClassifyCall>("Classify", shared),
                                            UnaryMethod<ClassifyBatchCall>("ClassifyBatch", shared),
                                            StreamMethod("ClassifyStream", shared),
                                            UnaryMethod<TokenizeCall>("Tokenize", shared),
                                            UnaryMethod<GetModelCall>("GetModel", shared),
                                        });
}

}  // namespace verdict
