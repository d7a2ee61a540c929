// What becomes of every text, alone, in a batch or in a stream, as verdict_texts_total tells it.
#include <grpcpp/grpcpp.h>

#include <limits>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/server/fixtures/serving_fixture.h"
#include "tests/server/fixtures/stream_client.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {
namespace {

class TextOutcomesTest : public ServingTest {
 protected:
  void ExpectTexts(const std::string& method, const std::string& code, int count) const {
    EXPECT_TRUE(Exposes(absl::StrCat("verdict_texts_total{code=\"", code, "\",method=\"", method,
                                     "\",model=\"tiny\"} ", count)))
        << method << " " << code << " " << count << "\n"
        << metrics_.Expose();
  }

  void FailOnEveryText() { ScriptLogits({std::numeric_limits<float>::quiet_NaN(), 0}); }
};

TEST_F(TextOutcomesTest, ACallIsOneText) {
  EXPECT_TRUE(Classify(Request("good film")).ok());
  EXPECT_FALSE(Classify(Request("")).ok());
  ExpectTexts("Classify", "OK", 1);
  ExpectTexts("Classify", "InvalidArgument", 1);
}

TEST_F(TextOutcomesTest, ABatchThatEndsWithOkTellsOfItsFailedTexts) {
  v1::ClassifyBatchRequest request;
  for (const char* text : {"good", "", "film"}) request.add_inputs()->set_text(text);
  v1::ClassifyBatchResponse response;
  EXPECT_TRUE(ClassifyBatch(request, &response).ok());
  ExpectTexts("ClassifyBatch", "OK", 2);
  ExpectTexts("ClassifyBatch", "InvalidArgument", 1);
}

TEST_F(TextOutcomesTest, ABatchThatFailsFailsAllItsTexts) {
  v1::ClassifyBatchRequest request;
  for (int i = 0; i < 21; ++i) request.add_inputs()->set_text("good");
  v1::ClassifyBatchResponse response;
  EXPECT_EQ(ClassifyBatch(request, &response).error_code(), grpc::INVALID_ARGUMENT);
  ExpectTexts("ClassifyBatch", "InvalidArgument", 21);
}

TEST_F(TextOutcomesTest, LogitsThatAreNotFiniteAreInternalWhereverTheTextCameIn) {
  FailOnEveryText();
  EXPECT_EQ(Classify(Request("good")).error_code(), grpc::INTERNAL);
  v1::ClassifyBatchRequest request;
  for (int i = 0; i < 3; ++i) request.add_inputs()->set_text("good");
  v1::ClassifyBatchResponse response;
  EXPECT_TRUE(ClassifyBatch(request, &response).ok());
  StreamClient stream(*stub_);
  for (int id = 0; id < 4; ++id) stream.Send(static_cast<uint64_t>(id), "good");
  stream.HalfClose();
  EXPECT_EQ(stream.ReadAll().size(), 4U);
  EXPECT_TRUE(stream.Finish().ok());
  ExpectTexts("Classify", "Internal", 1);
  ExpectTexts("ClassifyBatch", "Internal", 3);
  ExpectTexts("ClassifyStream", "Internal", 4);
}

TEST_F(TextOutcomesTest, ATextThatIsCancelledWhileItWaitsIsNotComputed) {
  engine_.Hold();
  std::thread first([&] { EXPECT_TRUE(Classify(Request("good")).ok()); });
  engine_.AwaitRuns(1);
  grpc::ClientContext context;
  std::thread second([&] {
    v1::ClassifyResponse response;
    EXPECT_EQ(stub_->Classify(&context, Request("film"), &response).error_code(), grpc::CANCELLED);
  });
  while (!Exposes("verdict_queue_texts 1")) std::this_thread::yield();
  context.TryCancel();
  second.join();
  ExchangeMessages();
  engine_.Release();
  first.join();
  AwaitInFlight(0, 0);
  ExpectTexts("Classify", "OK", 1);
  ExpectTexts("Classify", "Canceled", 1);
}

}  // namespace
}  // namespace verdict
