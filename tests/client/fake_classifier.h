// A classifier service without a model, on a loopback port, that does what a test tells it to.
#ifndef VERDICT_TESTS_CLIENT_FAKE_CLASSIFIER_H_
#define VERDICT_TESTS_CLIENT_FAKE_CLASSIFIER_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {

// NEGATIVE for a text with "bad" in it, else POSITIVE; a text with "long" in it was truncated. An
// empty one is refused in the words of the real service. On a stream, one with "too much" in it is
// refused, and one with "unanswered" gets no answer.
class FakeClassifier final : public v1::Classifier::Service {
 public:
  explicit FakeClassifier(const std::shared_ptr<grpc::ServerCredentials>& credentials =
                              grpc::InsecureServerCredentials()) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    SetServing(true);
  }
  ~FakeClassifier() override {
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
  }

  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

  // What its health says.
  void SetServing(bool serving) {
    server_->GetHealthCheckService()->SetServingStatus("verdict.v1.Classifier", serving);
  }

  // Runs before each answer; a status that is not OK is the answer. Set before the first call.
  std::function<grpc::Status(grpc::ServerContext*)> before = [](auto) { return grpc::Status::OK; };

  // The batch requests so far, in the order of their arrival.
  std::vector<v1::ClassifyBatchRequest> batches() const {
    absl::MutexLock lock(&mutex_);
    return batches_;
  }

 private:
  static v1::ClassifyResponse Answer(const v1::Input& input, const v1::Options& options) {
    const bool bad = absl::StrContains(input.text(), "bad");
    v1::ClassifyResponse response;
    const auto add = [&](const char* label, float score, uint32_t index) {
      if (options.top_k() != 0 && response.scores_size() == static_cast<int>(options.top_k()))
        return;
      v1::LabelScore* added = response.add_scores();
      added->set_label(label);
      added->set_score(score);
      added->set_index(index);
    };
    add(bad ? "NEGATIVE" : "POSITIVE", 0.75F, bad ? 0 : 1);
    add(bad ? "POSITIVE" : "NEGATIVE", 0.25F, bad ? 1 : 0);
    response.set_label(response.scores(0).label());
    response.set_score(response.scores(0).score());
    if (options.return_logits()) response.add_logits(1.5F);
    response.mutable_tokens()->set_truncated(absl::StrContains(input.text(), "long"));
    return response;
  }

  grpc::Status Classify(grpc::ServerContext* context, const v1::ClassifyRequest* request,
                        v1::ClassifyResponse* response) override {
    if (grpc::Status status = before(context); !status.ok()) return status;
    if (request->input().text().empty()) {
      return {grpc::StatusCode::INVALID_ARGUMENT, "input.text is empty"};
    }
    *response = Answer(request->input(), request->options());
    return grpc::Status::OK;
  }

  grpc::Status ClassifyStream(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::ClassifyStreamResponse, v1::ClassifyStreamRequest>* stream)
      override {
    if (grpc::Status status = before(context); !status.ok()) return status;
    for (v1::ClassifyStreamRequest request; stream->Read(&request);) {
      v1::ClassifyStreamResponse response;
      response.set_id(request.id());
      const v1::Input& input = request.request().input();
      if (absl::StrContains(input.text(), "unanswered")) continue;
      if (absl::StrContains(input.text(), "too much")) {
        response.mutable_error()->set_code(grpc::RESOURCE_EXHAUSTED);
      } else {
        *response.mutable_result() = Answer(input, request.request().options());
      }
      stream->Write(response);
    }
    return grpc::Status::OK;
  }

  grpc::Status ClassifyBatch(grpc::ServerContext* context, const v1::ClassifyBatchRequest* request,
                             v1::ClassifyBatchResponse* response) override {
    {
      absl::MutexLock lock(&mutex_);
      batches_.push_back(*request);
    }
    if (grpc::Status status = before(context); !status.ok()) return status;
    for (int i = 0; i < request->inputs_size(); ++i) {
      v1::ClassifyBatchResponse::Item* item = response->add_items();
      if (request->inputs(i).text().empty()) {
        item->mutable_error()->set_code(grpc::INVALID_ARGUMENT);
        item->mutable_error()->set_message(absl::StrCat("inputs[", i, "].text is empty"));
      } else {
        *item->mutable_result() = Answer(request->inputs(i), request->options());
      }
    }
    return grpc::Status::OK;
  }

  // One token for the whole text, between specials if asked for.
  grpc::Status Tokenize(grpc::ServerContext* context, const v1::TokenizeRequest* request,
                        v1::TokenizeResponse* response) override {
    if (grpc::Status status = before(context); !status.ok()) return status;
    const auto add = [response](uint32_t id, const std::string& text, size_t end) {
      v1::Token* token = response->add_tokens();
      token->set_id(id);
      token->set_text(text);
      token->set_end(static_cast<uint32_t>(end));
    };
    if (request->add_special_tokens()) add(101, "[CLS]", 0);
    add(7, request->input().text(), request->input().text().size());
    if (request->add_special_tokens()) add(102, "[SEP]", 0);
    return grpc::Status::OK;
  }

  grpc::Status GetModel(grpc::ServerContext* context, const v1::GetModelRequest*,
                        v1::GetModelResponse* response) override {
    if (grpc::Status status = before(context); !status.ok()) return status;
    response->set_name("fake");
    response->add_labels("NEGATIVE");
    response->add_labels("POSITIVE");
    response->set_max_tokens(512);
    return grpc::Status::OK;
  }

  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  mutable absl::Mutex mutex_;
  std::vector<v1::ClassifyBatchRequest> batches_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace verdict

#endif  // VERDICT_TESTS_CLIENT_FAKE_CLASSIFIER_H_
