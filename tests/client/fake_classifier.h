// A classifier service without a model, on a loopback port, that does what a test tells it to.
#ifndef VERDICT_TESTS_CLIENT_FAKE_CLASSIFIER_H_
#define VERDICT_TESTS_CLIENT_FAKE_CLASSIFIER_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {

// NEGATIVE for a text with "bad" in it, else POSITIVE; a text with "long" in it was truncated. An
// empty one is refused in the words of the real service. On a stream, one with "too much" in it is
// refused, and one with "unanswered" gets no answer.
class FakeClassifier final : public v1::Classifier::Service {
 public:
  explicit FakeClassifier(const std::shared_ptr<grpc::ServerCredentials>& credentials =
                              grpc::InsecureServerCredentials());
  ~FakeClassifier() override;

  std::string address() const;

  // What its health says.
  void SetServing(bool serving);

  // Runs before each answer; a status that is not OK is the answer. Set before the first call.
  std::function<grpc::Status(grpc::ServerContext*)> before = [](auto) { return grpc::Status::OK; };

  // The batch requests so far, in the order of their arrival.
  std::vector<v1::ClassifyBatchRequest> batches() const;

 private:
  grpc::Status Classify(grpc::ServerContext* context, const v1::ClassifyRequest* request,
                        v1::ClassifyResponse* response) override;
  grpc::Status ClassifyStream(grpc::ServerContext* context,
                              grpc::ServerReaderWriter<v1::ClassifyStreamResponse,
                                                       v1::ClassifyStreamRequest>* stream) override;
  grpc::Status ClassifyBatch(grpc::ServerContext* context, const v1::ClassifyBatchRequest* request,
                             v1::ClassifyBatchResponse* response) override;
  grpc::Status Tokenize(grpc::ServerContext* context, const v1::TokenizeRequest* request,
                        v1::TokenizeResponse* response) override;
  grpc::Status GetModel(grpc::ServerContext* context, const v1::GetModelRequest* request,
                        v1::GetModelResponse* response) override;

  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  mutable absl::Mutex mutex_;
  std::vector<v1::ClassifyBatchRequest> batches_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace verdict

#endif  // VERDICT_TESTS_CLIENT_FAKE_CLASSIFIER_H_
