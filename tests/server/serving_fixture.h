// A client and a server with a FakeEngine behind it, connected through a real port.
#ifndef VERDICT_TESTS_SERVER_SERVING_FIXTURE_H_
#define VERDICT_TESTS_SERVER_SERVING_FIXTURE_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/batching/batcher.h"
#include "server/rpc/classifier_service.h"
#include "server/metrics/metrics.h"
#include "server/transport/unknown_methods.h"
#include "tests/server/tiny_model.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {

class ServingTest : public ::testing::Test {
 protected:
  // A server of which little is asked, and whose queue a test can fill.
  ServingTest()
      : ServingTest({.max_batch_tokens = 64, .max_queue_tokens = 40},
                    {.max_texts = 100, .max_bytes = 10'000'000}) {}

  ServingTest(TextQueue::Limits queue, Admission::Limits admission,
              std::vector<TimedRun> warm_up = {})
      : model_(TinyModel(std::move(warm_up))),
        admission_(
            admission, &metrics_, [this](double part) { return batcher_.TimeUntilDone(part); },
            &line_),
        batcher_(&engine_, &metrics_, queue, &line_) {
    grpc::ServerBuilder builder;
    builder.RegisterService(service_.get());
    builder.RegisterCallbackGenericService(&unknown_methods_);
    builder.SetMaxReceiveMessageSize(8 << 20);
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    server_ = builder.BuildAndStart();
    channel_ =
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port_), grpc::InsecureChannelCredentials());
    stub_ = v1::Classifier::NewStub(channel_);
  }

  ~ServingTest() override { server_->Shutdown(); }

  static v1::ClassifyRequest Request(const std::string& text) {
    v1::ClassifyRequest request;
    request.mutable_input()->set_text(text);
    return request;
  }

  grpc::Status Classify(const v1::ClassifyRequest& request, v1::ClassifyResponse* response) {
    grpc::ClientContext context;
    return stub_->Classify(&context, request, response);
  }

  grpc::Status Classify(const v1::ClassifyRequest& request) {
    v1::ClassifyResponse response;
    return Classify(request, &response);
  }

  grpc::Status ClassifyBatch(const v1::ClassifyBatchRequest& request,
                             v1::ClassifyBatchResponse* response) {
    grpc::ClientContext context;
    return stub_->ClassifyBatch(&context, request, response);
  }

  // The server is fine: another call gets its answer.
  void ExpectServes() {
    const grpc::Status status = Classify(Request("good film"));
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  // What was sent before on the channel has arrived, and been dealt with.
  void ExchangeMessages() {
    for (int i = 0; i < 10; ++i) {
      grpc::ClientContext context;
      v1::GetModelResponse response;
      EXPECT_TRUE(stub_->GetModel(&context, {}, &response).ok());
    }
  }

  void ScriptLogits(const std::vector<float>& logits) {
    engine_.SetScript([logits](const Batch& batch) -> absl::StatusOr<Logits> {
      Logits result{.values = {}, .labels = static_cast<int>(logits.size())};
      for (int i = 0; i < batch.texts(); ++i) {
        result.values.insert(result.values.end(), logits.begin(), logits.end());
      }
      return result;
    });
  }

  // A call gives back what it holds a moment after its client has the reply.
  void AwaitInFlight(int texts, int bytes) const {
    while (!Exposes(absl::StrCat("verdict_in_flight_texts ", texts)) ||
           !Exposes(absl::StrCat("verdict_in_flight_bytes ", bytes))) {
      std::this_thread::yield();
    }
  }

  // Whether verdictd's metrics have this line.
  bool Exposes(const std::string& line) const {
    return absl::StrContains(metrics_.Expose(), "\n" + line + "\n");
  }

  static std::string Labels(const std::string& method) {
    return absl::StrCat("grpc_method=\"", method, "\",grpc_service=\"verdict.v1.Classifier\",",
                        "grpc_type=\"", method == "ClassifyStream" ? "bidi_stream" : "unary", "\"");
  }

  // How many calls of `method` ended with `code`, as Go spells it.
  bool ExposesHandled(const std::string& method, const std::string& code, int count) const {
    return Exposes(absl::StrCat("grpc_server_handled_total{grpc_code=\"", code, "\",",
                                Labels(method), "} ", count));
  }

  const Model model_;
  FakeEngine& engine_ = EngineOf(model_);
  Metrics metrics_{ServedModel{}};
  WaitingLine line_;
  Admission admission_;
  Batcher batcher_;
  UnfinishedRequests unfinished_{4};
  SlicedWork slices_{1};
  OpenStreams streams_;
  OpenCalls open_calls_;
  const std::unique_ptr<grpc::Service> service_ =
      MakeClassifierService({.model = &model_,
                             .batcher = &batcher_,
                             .admission = &admission_,
                             .unfinished = &unfinished_,
                             .slices = &slices_,
                             .streams = &streams_,
                             .line = &line_,
                             .open_calls = &open_calls_,
                             .metrics = &metrics_,
                             .model_name = "tiny",
                             .version = "1.2.3",
                             .limits = {.max_inputs = 20, .max_text_bytes = 1000},
                             .defaults = {.activation = ModelActivation(model_.config)}});
  UnknownMethods unknown_methods_{&metrics_};
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Classifier::Stub> stub_;
};

}  // namespace verdict

#endif  // VERDICT_TESTS_SERVER_SERVING_FIXTURE_H_
