// The contract's calls and codes, through a real gRPC server and client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "latency/steady_clock.h"
#include "tests/server/fixtures/raw_call.h"
#include "tests/server/fixtures/serving_fixture.h"
#include "verdict/unchecked/v1/classifier.pb.h"

namespace verdict {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string kService = "/verdict.v1.Classifier/";

using ClassifierServiceTest = ServingTest;

TEST_F(ClassifierServiceTest, ATextGetsItsLabel) {
  ScriptLogits({0, std::log(3.0F)});
  v1::ClassifyResponse response;
  const grpc::Status status = Classify(Request("good films"), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.label(), "POSITIVE");
  EXPECT_THAT(response.score(), FloatEq(0.75));
  ASSERT_EQ(response.scores_size(), 2);
  EXPECT_EQ(response.scores(0).label(), "POSITIVE");
  EXPECT_EQ(response.scores(0).index(), 1U);
  EXPECT_EQ(response.scores(1).label(), "NEGATIVE");
  EXPECT_THAT(response.scores(1).score(), FloatEq(0.25));
  EXPECT_EQ(response.logits_size(), 0);
  EXPECT_EQ(response.tokens().total(), 5U);
  EXPECT_EQ(response.tokens().used(), 5U);
  EXPECT_FALSE(response.tokens().truncated());
  EXPECT_TRUE(response.timings().has_tokenize());
  EXPECT_TRUE(response.timings().has_queue());
  EXPECT_TRUE(response.timings().has_inference());
  EXPECT_GT(response.timings().total().nanos(), 0);
  ASSERT_THAT(engine_.batches(), SizeIs(1));
  EXPECT_THAT(engine_.batches()[0].input_ids, ElementsAre(2, 5, 7, 8, 3));
  EXPECT_THAT(engine_.batches()[0].first_segments, ElementsAre(kOneSegment));
}

TEST_F(ClassifierServiceTest, APairIsOneText) {
  v1::ClassifyRequest request = Request("good");
  request.mutable_input()->set_text_pair("bad film");
  ASSERT_TRUE(Classify(request).ok());
  EXPECT_THAT(engine_.batches().at(0).input_ids, ElementsAre(2, 5, 3, 6, 7, 3));
  EXPECT_THAT(engine_.batches().at(0).first_segments, ElementsAre(3));
}

TEST_F(ClassifierServiceTest, OptionsAreHonoured) {
  ScriptLogits({std::log(3.0F), 0});
  v1::ClassifyRequest request = Request("good film");
  request.mutable_options()->set_top_k(1);
  request.mutable_options()->set_return_logits(true);
  request.mutable_options()->set_activation(v1::SIGMOID);
  v1::ClassifyResponse response;
  ASSERT_TRUE(Classify(request, &response).ok());
  EXPECT_THAT(response.logits(), ElementsAre(std::log(3.0F), 0.0F));
  ASSERT_EQ(response.scores_size(), 1);
  EXPECT_EQ(response.scores(0).label(), "NEGATIVE");
  EXPECT_THAT(response.score(), FloatEq(0.75));
}

TEST_F(ClassifierServiceTest, ALongTextIsCutAndSaysSo) {
  v1::ClassifyResponse response;
  ASSERT_TRUE(Classify(Request("bad bad bad bad bad bad good good"), &response).ok());
  EXPECT_EQ(response.tokens().total(), 10U);
  EXPECT_EQ(response.tokens().used(), 8U);
  EXPECT_TRUE(response.tokens().truncated());
  EXPECT_THAT(engine_.batches().at(0).input_ids, ElementsAre(2, 6, 6, 6, 6, 6, 6, 3));
  EXPECT_TRUE(Exposes("verdict_truncated_total 1"));
}

TEST_F(ClassifierServiceTest, ALongTextIsRefusedOnRequest) {
  v1::ClassifyRequest request = Request("bad bad bad bad bad bad good good");
  request.mutable_options()->set_truncation(v1::ERROR);
  const grpc::Status status = Classify(request);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(),
            "input has 10 tokens, special ones included; the limit is 8 (the model's "
            "max_position_embeddings): shorten it, or set options.truncation to RIGHT, LEFT or "
            "HEAD_TAIL (--truncation is the server's)");
  EXPECT_THAT(engine_.batches(), SizeIs(0));
}

TEST_F(ClassifierServiceTest, EveryTextOfABatchHasItsOwnOutcome) {
  unchecked::v1::ClassifyBatchRequest request;
  for (const char* text : {"good", "", "bad \xFF", "good film"}) {
    request.add_inputs()->set_text(text);
  }
  request.add_inputs()->set_text(std::string(1001, 'x'));
  std::string reply;
  ASSERT_TRUE(
      RawCall(channel_, kService + "ClassifyBatch", request.SerializeAsString(), &reply).ok());
  v1::ClassifyBatchResponse response;
  ASSERT_TRUE(response.ParseFromString(reply));
  ASSERT_EQ(response.items_size(), 5);
  EXPECT_EQ(response.items(0).result().tokens().used(), 3U);
  EXPECT_EQ(response.items(1).error().code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(response.items(1).error().message(), "inputs[1].text is empty; expected a text");
  EXPECT_EQ(response.items(2).error().code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(response.items(2).error().message(), HasSubstr("inputs[2].text is not valid UTF-8"));
  EXPECT_EQ(response.items(3).result().tokens().used(), 4U);
  EXPECT_EQ(response.items(4).error().message(),
            "inputs[4].text has 1001 bytes; --max-text-bytes allows 1000: cut or split it");
  ASSERT_THAT(engine_.batches(), SizeIs(1));
  EXPECT_EQ(engine_.batches()[0].texts(), 2);
  EXPECT_TRUE(ExposesHandled("ClassifyBatch", "OK", 1));
}

TEST_F(ClassifierServiceTest, ABatchOfOnlyBadTextsIsAnswered) {
  v1::ClassifyBatchRequest request;
  request.add_inputs();
  v1::ClassifyBatchResponse response;
  ASSERT_TRUE(ClassifyBatch(request, &response).ok());
  ASSERT_EQ(response.items_size(), 1);
  EXPECT_EQ(response.items(0).error().code(), grpc::INVALID_ARGUMENT);
}

TEST_F(ClassifierServiceTest, InvalidUtf8NamesTheFieldAndTheByte) {
  unchecked::v1::ClassifyRequest request;
  request.mutable_input()->set_text("good \xC3\x28");
  grpc::Status status = RawCall(channel_, kService + "Classify", request.SerializeAsString());
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("input.text is not valid UTF-8: byte 5 of 7"));

  request.mutable_input()->set_text("good");
  request.mutable_input()->set_text_pair("\x80");
  status = RawCall(channel_, kService + "Classify", request.SerializeAsString());
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("input.text_pair is not valid UTF-8: byte 0 of 1"));

  unchecked::v1::TokenizeRequest tokenize;
  tokenize.mutable_input()->set_text("\xED\xA0\x80");  // a surrogate
  status = RawCall(channel_, kService + "Tokenize", tokenize.SerializeAsString());
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  ExpectServes();
}

TEST_F(ClassifierServiceTest, AMalformedRequestIsInvalidArgument) {
  for (const char* method : {"Classify", "ClassifyBatch", "Tokenize", "GetModel"}) {
    const grpc::Status status = RawCall(channel_, kService + method, "\xFF\xFF\xFF");
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT) << method;
    EXPECT_THAT(status.error_message(), HasSubstr(absl::StrCat(method, "Request")));
  }
  ExpectServes();
}

// So gRPC shows us a caller that went away while it sent its request.
TEST_F(ClassifierServiceTest, ACallWithoutARequestIsCancelled) {
  for (const char* method : {"Classify", "ClassifyBatch", "Tokenize", "GetModel"}) {
    const grpc::Status status =
        CallWithoutRequest(channel_, absl::StrCat("/verdict.v1.Classifier/", method));
    EXPECT_EQ(status.error_code(), grpc::CANCELLED) << method;
    EXPECT_TRUE(ExposesHandled(method, "Canceled", 1)) << method;
  }
  ExpectServes();
}

// gRPC holds what comes of a request until it is whole: nobody who is refused is to have it do so.
TEST_F(ClassifierServiceTest, ARefusalIsSentBeforeTheRequestComes) {
  open_calls_.Drain();
  for (const char* method :
       {"Classify", "ClassifyBatch", "ClassifyStream", "Tokenize", "GetModel"}) {
    EXPECT_EQ(CallWithHeadersOnly(channel_, kService + method).error_code(), grpc::UNAVAILABLE)
        << method;
  }
}

// The fixture lets four be slow.
TEST_F(ClassifierServiceTest, OneOfTooManyUnfinishedRequestsIsRefused) {
  std::vector<std::thread> calls;
  std::atomic<int> refused = 0;
  std::atomic<int> waited = 0;
  for (int i = 0; i < 5; ++i) {
    calls.emplace_back([&] {
      const grpc::Status status =
          CallWithHeadersOnly(channel_, kService + "Classify", absl::Seconds(2));
      if (status.error_code() == grpc::RESOURCE_EXHAUSTED) ++refused;
      if (status.error_code() == grpc::DEADLINE_EXCEEDED) ++waited;
    });
  }
  for (std::thread& call : calls) call.join();
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(waited, 4);
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"in_flight\"} 1"));
  // Whether the caller's reset or the server's own clock comes first is chance.
  const auto all_ended = [&] {
    for (int late = 0; late <= 4; ++late) {
      if (ExposesHandled("Classify", "DeadlineExceeded", late) &&
          ExposesHandled("Classify", "Canceled", 4 - late)) {
        return true;
      }
    }
    return false;
  };
  EXPECT_TRUE(LookUntil(all_ended, SteadyNow() + absl::Minutes(1)));
  ExpectServes();
}

TEST_F(ClassifierServiceTest, UnknownEnumsAreRefused) {
  v1::ClassifyRequest request = Request("good");
  request.mutable_options()->set_activation(static_cast<v1::Activation>(99));
  grpc::Status status = Classify(request);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "options.activation is 99; expected 0 to 3");

  v1::ClassifyBatchRequest batch;
  batch.add_inputs()->set_text("good");
  batch.mutable_options()->set_truncation(static_cast<v1::Truncation>(5));
  v1::ClassifyBatchResponse response;
  status = ClassifyBatch(batch, &response);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "options.truncation is 5; expected 0 to 4");
  ExpectServes();
}

TEST_F(ClassifierServiceTest, TooMuchIsRefusedAndTheNextCallWorks) {
  grpc::Status status = Classify(Request(std::string(1 << 20, 'x')));
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(),
            "input.text has 1048576 bytes; --max-text-bytes allows 1000: cut or split it");
  ExpectServes();

  v1::ClassifyBatchRequest batch;
  v1::ClassifyBatchResponse response;
  for (int i = 0; i < 10'000; ++i) batch.add_inputs()->set_text("good");
  status = ClassifyBatch(batch, &response);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(),
            "inputs has 10000 texts; --max-inputs allows 20: split them into several calls");
  ExpectServes();

  status = ClassifyBatch({}, &response);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_TRUE(ExposesHandled("ClassifyBatch", "InvalidArgument", 2));
}

TEST_F(ClassifierServiceTest, MoreThanTheQueueEverHoldsIsInvalidArgument) {
  v1::ClassifyBatchRequest batch;
  for (int i = 0; i < 14; ++i) batch.add_inputs()->set_text("good");  // 42 tokens
  v1::ClassifyBatchResponse response;
  const grpc::Status status = ClassifyBatch(batch, &response);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("42 tokens"));
  EXPECT_THAT(status.error_message(), HasSubstr("--max-queue-tokens allows 40"));
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"queue_full\"} 0"));
}

TEST_F(ClassifierServiceTest, AnEngineErrorIsInternalWithoutDetail) {
  engine_.SetScript([](const Batch&) { return absl::InternalError("secret"); });
  const grpc::Status status = Classify(Request("good"));
  EXPECT_EQ(status.error_code(), grpc::INTERNAL);
  EXPECT_FALSE(absl::StrContains(status.error_message(), "secret"));
  ScriptLogits({0, 1});
  ExpectServes();
}

TEST_F(ClassifierServiceTest, NanLogitsAreAnInternalError) {
  ScriptLogits({std::numeric_limits<float>::quiet_NaN(), 0});
  EXPECT_EQ(Classify(Request("good")).error_code(), grpc::INTERNAL);
}

TEST_F(ClassifierServiceTest, DrainingIsUnavailable) {
  batcher_.Drain(absl::InfiniteFuture());
  EXPECT_EQ(Classify(Request("good")).error_code(), grpc::UNAVAILABLE);
}

TEST_F(ClassifierServiceTest, TokenizeShowsTokensWithTheirPlaces) {
  v1::TokenizeRequest request;
  request.mutable_input()->set_text("Good films, bad bad bad bad bad film");
  request.set_add_special_tokens(true);
  v1::TokenizeResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->Tokenize(&context, request, &response).ok());
  std::vector<std::string> tokens;
  for (const v1::Token& token : response.tokens()) {
    tokens.push_back(
        absl::StrCat(token.text(), " ", token.id(), " ", token.begin(), "-", token.end()));
  }
  EXPECT_THAT(tokens, ElementsAre("[CLS] 2 0-0", "good 5 0-4", "film 7 5-9", "##s 8 9-10",
                                  "[UNK] 1 10-11", "bad 6 12-15", "bad 6 16-19", "bad 6 20-23",
                                  "bad 6 24-27", "bad 6 28-31", "film 7 32-36", "[SEP] 3 0-0"));
}

TEST_F(ClassifierServiceTest, GetModelDescribesTheModel) {
  grpc::ClientContext context;
  v1::GetModelResponse response;
  ASSERT_TRUE(stub_->GetModel(&context, {}, &response).ok());
  EXPECT_EQ(response.name(), "tiny");
  EXPECT_EQ(response.revision(), "cafe");
  EXPECT_THAT(response.labels(), ElementsAre("NEGATIVE", "POSITIVE"));
  EXPECT_EQ(response.problem_type(), "single_label_classification");
  EXPECT_EQ(response.max_tokens(), 8U);
  EXPECT_EQ(response.precision(), "f32");
  EXPECT_EQ(response.threads(), 1U);
  EXPECT_EQ(response.version(), "1.2.3");
  EXPECT_TRUE(
      Exposes("grpc_server_msg_received_total{grpc_method=\"GetModel\",grpc_service=\"verdict.v1."
              "Classifier\","
              "grpc_type=\"unary\"} 1"));
}

}  // namespace
}  // namespace verdict
