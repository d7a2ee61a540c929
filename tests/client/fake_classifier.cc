#include "tests/client/fake_classifier.h"

#include <grpcpp/health_check_service_interface.h>

#include <chrono>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace verdict {
namespace {

v1::ClassifyResponse Answer(const v1::Input& input, const v1::Options& options) {
  const bool bad = absl::StrContains(input.text(), "bad");
  v1::ClassifyResponse response;
  const auto add = [&](const char* label, float score, uint32_t index) {
    if (options.top_k() != 0 && response.scores_size() == static_cast<int>(options.top_k())) return;
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

}  // namespace

FakeClassifier::FakeClassifier(const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  SetServing(true);
}

FakeClassifier::~FakeClassifier() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

std::string FakeClassifier::address() const { return absl::StrCat("127.0.0.1:", port_); }

void FakeClassifier::SetServing(bool serving) {
  server_->GetHealthCheckService()->SetServingStatus(serving);
  server_->GetHealthCheckService()->SetServingStatus("verdict.v1.Classifier", serving);
}

std::vector<v1::ClassifyBatchRequest> FakeClassifier::batches() const {
  absl::MutexLock lock(&mutex_);
  return batches_;
}

grpc::Status FakeClassifier::Classify(grpc::ServerContext* context,
                                      const v1::ClassifyRequest* request,
                                      v1::ClassifyResponse* response) {
  if (grpc::Status status = before(context); !status.ok()) return status;
  if (request->input().text().empty()) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "input.text is empty"};
  }
  *response = Answer(request->input(), request->options());
  return grpc::Status::OK;
}

grpc::Status FakeClassifier::ClassifyStream(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::ClassifyStreamResponse, v1::ClassifyStreamRequest>* stream) {
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

grpc::Status FakeClassifier::ClassifyBatch(grpc::ServerContext* context,
                                           const v1::ClassifyBatchRequest* request,
                                           v1::ClassifyBatchResponse* response) {
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
grpc::Status FakeClassifier::Tokenize(grpc::ServerContext* context,
                                      const v1::TokenizeRequest* request,
                                      v1::TokenizeResponse* response) {
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

grpc::Status FakeClassifier::GetModel(grpc::ServerContext* context, const v1::GetModelRequest*,
                                      v1::GetModelResponse* response) {
  if (grpc::Status status = before(context); !status.ok()) return status;
  response->set_name("fake");
  response->add_labels("NEGATIVE");
  response->add_labels("POSITIVE");
  response->set_max_tokens(512);
  return grpc::Status::OK;
}

}  // namespace verdict
