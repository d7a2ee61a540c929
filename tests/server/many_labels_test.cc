// A model of many labels: its replies are many times their requests.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/server.h"
#include "tests/server/fixtures/stream_client.h"
#include "tests/server/fixtures/tiny_model.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

constexpr int kLabels = 10'000;

class ManyLabelsTest : public ::testing::Test {
 protected:
  ManyLabelsTest() {
    ServerOptions options;
    options.grpc_addresses = {"127.0.0.1:0"};
    options.http_addresses = {"127.0.0.1:0"};
    options.admission.max_bytes = 18 << 20;
    Model model = TinyModel();
    model.config.labels.clear();
    for (int i = 0; i < kLabels; ++i) model.config.labels.push_back(absl::StrCat("LABEL_", i));
    engine_ = &EngineOf(model);
    engine_->SetScript([](const Batch& batch) -> absl::StatusOr<Logits> {
      Logits logits{.values = {}, .labels = kLabels};
      logits.values.resize(static_cast<size_t>(batch.texts()) * kLabels, 0.5F);
      return logits;
    });
    auto server = Server::Start(options, std::move(model), absl::ZeroDuration());
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    stub_ = v1::Classifier::NewStub(
        grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", server_->grpc_port()),
                                  grpc::InsecureChannelCredentials(), arguments));
  }

  grpc::Status Classify(uint32_t top_k, v1::ClassifyResponse* response) {
    v1::ClassifyRequest request;
    request.mutable_input()->set_text("good");
    request.mutable_options()->set_top_k(top_k);
    grpc::ClientContext context;
    return stub_->Classify(&context, request, response);
  }

  grpc::Status ClassifyBatch(int texts, uint32_t top_k) {
    v1::ClassifyBatchRequest request;
    for (int i = 0; i < texts; ++i) request.add_inputs()->set_text("good");
    request.mutable_options()->set_top_k(top_k);
    grpc::ClientContext context;
    v1::ClassifyBatchResponse response;
    return stub_->ClassifyBatch(&context, request, &response);
  }

  FakeEngine* engine_ = nullptr;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Classifier::Stub> stub_;
};

TEST_F(ManyLabelsTest, ABatchIsTakenIfItsReplyFits) {
  const grpc::Status all = ClassifyBatch(256, kLabels);
  EXPECT_EQ(all.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_THAT(all.error_message(), HasSubstr("--max-bytes-in-flight"));
  EXPECT_TRUE(ClassifyBatch(256, 5).ok());
  v1::ClassifyResponse response;
  ASSERT_TRUE(Classify(kLabels, &response).ok());
  EXPECT_EQ(response.scores_size(), kLabels);
}

TEST_F(ManyLabelsTest, WithoutTopKAReplyHasTheBestHundredLabels) {
  v1::ClassifyResponse response;
  ASSERT_TRUE(Classify(0, &response).ok());
  EXPECT_EQ(response.scores_size(), 100);
  grpc::ClientContext context;
  v1::GetModelResponse model;
  ASSERT_TRUE(stub_->GetModel(&context, {}, &model).ok());
  EXPECT_EQ(model.default_top_k(), 100U);
}

// Each reply takes 1.3 MB. What is not read is not held without an end.
TEST_F(ManyLabelsTest, RepliesThatAStreamDoesNotReadCountAsBytesInFlight) {
  v1::ClassifyStreamRequest request;
  request.mutable_request()->mutable_input()->set_text("good");
  request.mutable_request()->mutable_options()->set_top_k(kLabels);
  StreamClient stream(*stub_);
  constexpr int kTexts = 60;
  for (int i = 0; i < kTexts; ++i) {
    request.set_id(i);
    ASSERT_TRUE(stream.Send(request));
  }
  // As soon as there is no room for one more reply, there is none for a batch of them.
  while (ClassifyBatch(12, kLabels).ok()) {
  }
  // And so it stays: large replies are made in turn, so what the stream was given has long been
  // made.
  v1::ClassifyResponse large;
  for (int i = 0; i < 2 * kTexts; ++i) EXPECT_TRUE(Classify(kLabels, &large).ok());
  EXPECT_EQ(ClassifyBatch(12, kLabels).error_code(), grpc::RESOURCE_EXHAUSTED);
  stream.HalfClose();
  EXPECT_EQ(stream.ReadAll().size(), kTexts);
  EXPECT_TRUE(ClassifyBatch(12, kLabels).ok());
}

TEST_F(ManyLabelsTest, RepliesThatAreToComeCountAsBytesInFlight) {
  engine_->Hold();
  grpc::Status large;
  std::thread call([&] { large = ClassifyBatch(12, kLabels); });
  engine_->AwaitRuns(1);
  const grpc::Status refused = ClassifyBatch(12, kLabels);
  EXPECT_EQ(refused.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), HasSubstr("--max-bytes-in-flight"));
  engine_->Release();
  call.join();
  EXPECT_TRUE(large.ok()) << large.error_message();
}

}  // namespace
}  // namespace verdict
