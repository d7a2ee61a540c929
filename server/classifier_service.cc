#include "server/classifier_service.h"

#include <grpcpp/server_context.h>

#include <utility>

#include "server/classify_batch_call.h"
#include "server/classify_call.h"
#include "server/classify_stream_call.h"
#include "server/entry.h"
#include "server/get_model_call.h"
#include "server/tokenize_call.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {
namespace {

// A method that stays on the synchronous base would make gRPC start a pool of threads for it.
using ServiceBase = v1::Classifier::WithRawCallbackMethod_Classify<
    v1::Classifier::WithRawCallbackMethod_ClassifyBatch<
        v1::Classifier::WithRawCallbackMethod_ClassifyStream<
            v1::Classifier::WithRawCallbackMethod_Tokenize<
                v1::Classifier::WithRawCallbackMethod_GetModel<v1::Classifier::Service>>>>>;

class ClassifierService final : public ServiceBase {
 public:
  explicit ClassifierService(Serving serving) : serving_(std::move(serving)) {}

  grpc::ServerUnaryReactor* Classify(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override {
    return Begin(context, new ClassifyCall(serving_, context, response), *request);
  }

  grpc::ServerUnaryReactor* ClassifyBatch(grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override {
    return Begin(context, new ClassifyBatchCall(serving_, context, response), *request);
  }

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ClassifyStream(
      grpc::CallbackServerContext* context) override {
    return Begin(context, ClassifyStreamCall::New(serving_, context));
  }

  grpc::ServerUnaryReactor* Tokenize(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override {
    return Begin(context, new TokenizeCall(serving_, context, response), *request);
  }

  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override {
    return Begin(context, new GetModelCall(serving_, context, response), *request);
  }

 private:
  // The one place where every call of every method begins. gRPC keeps a reactor at least until its
  // handler has returned it, even one that has ended.
  template <typename AnyCall, typename... Request>
  AnyCall* Begin(grpc::CallbackServerContext* context, AnyCall* call, const Request&... request) {
    if (absl::Status status = CheckEntry(*context); !status.ok()) {
      call->Fail(status);
    } else {
      call->Start(request...);
    }
    return call;
  }

  // Before anything of the request is looked at.
  //
  // UNAVAILABLE: draining. UNAUTHENTICATED: no token, or an unknown one.
  absl::Status CheckEntry(const grpc::CallbackServerContext& context) const {
    if (absl::Status status = serving_.open_calls->CheckOpen(); !status.ok()) {
      serving_.metrics->CountShed(ShedReason::kDraining, 1);
      return status;
    }
    return CheckToken(serving_.tokens, context);
  }

  const Serving serving_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeClassifierService(Serving serving) {
  return std::make_unique<ClassifierService>(std::move(serving));
}

}  // namespace verdict
