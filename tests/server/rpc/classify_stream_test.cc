// What a stream answers, in which order, and how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "latency/steady_clock.h"
#include "proto/status_details.h"
#include "server/contract/error_reason.h"
#include "tests/server/fixtures/raw_call.h"
#include "tests/server/fixtures/serving_fixture.h"
#include "tests/server/fixtures/stream_client.h"
#include "verdict/unchecked/v1/classifier.pb.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class ClassifyStreamTest : public ServingTest {
 protected:
  // How many messages of streams have been received or sent.
  bool ExposesMessages(const std::string& direction, int count) const {
    return Exposes(absl::StrCat("grpc_server_msg_", direction, "_total{",
                                CallLabels("ClassifyStream"), "} ", count));
  }
};

TEST_F(ClassifyStreamTest, EachReplyHasTheIdOfItsRequest) {
  StreamClient stream(*stub_);
  stream.Send(7, "good");
  stream.Send(uint64_t{1} << 63, "good film");
  stream.Send(0, "good bad film");
  stream.HalfClose();
  const auto replies = stream.ReadAll();
  ASSERT_THAT(replies, SizeIs(3));
  EXPECT_EQ(replies.find(7)->second.result().tokens().used(), 3U);
  EXPECT_EQ(replies.find(uint64_t{1} << 63)->second.result().tokens().used(), 4U);
  EXPECT_EQ(replies.find(0)->second.result().tokens().used(), 5U);
  EXPECT_TRUE(stream.Finish().ok());
}

TEST_F(ClassifyStreamTest, IdsAreTheCallersAndNeedNotDiffer) {
  StreamClient stream(*stub_);
  for (int i = 0; i < 5; ++i) stream.Send(1, "good");
  stream.HalfClose();
  EXPECT_EQ(stream.ReadAll().count(1), 5U);
  EXPECT_TRUE(stream.Finish().ok());
}

TEST_F(ClassifyStreamTest, OptionsAreOfTheMessage) {
  ScriptLogits({2, 1});
  StreamClient stream(*stub_);
  v1::ClassifyStreamRequest request;
  request.set_id(1);
  *request.mutable_request() = Request("good");
  request.mutable_request()->mutable_options()->set_activation(v1::NONE);
  request.mutable_request()->mutable_options()->set_top_k(1);
  stream.Send(request);
  stream.Send(2, "good");
  stream.HalfClose();
  const auto replies = stream.ReadAll();
  ASSERT_THAT(replies, SizeIs(2));
  EXPECT_EQ(replies.find(1)->second.result().score(), 2.0F);
  EXPECT_EQ(replies.find(1)->second.result().scores_size(), 1);
  EXPECT_EQ(replies.find(2)->second.result().scores_size(), 2);
}

TEST_F(ClassifyStreamTest, RepliesComeAsTheyFinish) {
  engine_.Hold();
  StreamClient stream(*stub_);
  stream.Send(1, "good");
  engine_.AwaitRuns(1);
  stream.Send(2, "");
  const auto refused = stream.Read();
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->id(), 2U);
  EXPECT_EQ(refused->error().code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(refused->error().message(), "input.text is empty; expected a text");
  engine_.Release();
  const auto answered = stream.Read();
  ASSERT_TRUE(answered.has_value());
  EXPECT_EQ(answered->id(), 1U);
  EXPECT_TRUE(answered->has_result());
}

TEST_F(ClassifyStreamTest, AnEmptyStreamIsOk) {
  StreamClient stream(*stub_);
  stream.HalfClose();
  EXPECT_EQ(stream.Read(), std::nullopt);
  EXPECT_TRUE(stream.Finish().ok());
  EXPECT_TRUE(ExposesHandled("ClassifyStream", "OK", 1));
}

TEST_F(ClassifyStreamTest, ABadTextRefusesOnlyItself) {
  StreamClient stream(*stub_);
  stream.Send(1, std::string(1001, 'x'));
  v1::ClassifyStreamRequest request;
  request.set_id(2);
  *request.mutable_request() = Request("good");
  request.mutable_request()->mutable_options()->set_activation(static_cast<v1::Activation>(99));
  stream.Send(request);
  request.mutable_request()->mutable_options()->Clear();
  request.set_id(3);
  request.clear_request();
  stream.Send(request);
  stream.Send(4, "good");
  stream.HalfClose();
  const auto replies = stream.ReadAll();
  ASSERT_THAT(replies, SizeIs(4));
  EXPECT_EQ(replies.find(1)->second.error().message(),
            "input.text has 1001 bytes; --max-text-bytes allows 1000: cut or split it");
  EXPECT_EQ(replies.find(2)->second.error().message(), "options.activation is 99; expected 0 to 3");
  EXPECT_EQ(replies.find(3)->second.error().message(), "input.text is empty; expected a text");
  EXPECT_TRUE(replies.find(4)->second.has_result());
  EXPECT_TRUE(stream.Finish().ok());
}

TEST_F(ClassifyStreamTest, InvalidUtf8RefusesOnlyItself) {
  unchecked::v1::ClassifyStreamRequest request;
  request.set_id(5);
  request.mutable_request()->mutable_input()->set_text("good \xC3\x28");
  RawStream stream(channel_, "/verdict.v1.Classifier/ClassifyStream", request.SerializeAsString());
  v1::ClassifyStreamResponse reply;
  ASSERT_TRUE(reply.ParseFromString(stream.Read().value_or("none")));
  EXPECT_EQ(reply.id(), 5U);
  EXPECT_EQ(reply.error().code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(reply.error().message(), HasSubstr("input.text is not valid UTF-8: byte 5 of 7"));
  request.mutable_request()->mutable_input()->set_text("good");
  stream.Write(request.SerializeAsString());
  ASSERT_TRUE(reply.ParseFromString(stream.Read().value_or("none")));
  EXPECT_TRUE(reply.has_result());
}

TEST_F(ClassifyStreamTest, AMalformedMessageEndsTheStreamOnceTheOthersAreAnswered) {
  v1::ClassifyStreamRequest request;
  request.set_id(5);
  *request.mutable_request() = Request("good");
  engine_.Hold();
  RawStream stream(channel_, "/verdict.v1.Classifier/ClassifyStream", request.SerializeAsString());
  engine_.AwaitRuns(1);
  stream.Write("\xFF\xFF\xFF");
  stream.Write(request.SerializeAsString());  // is not read any more
  while (!ExposesMessages("received", 2)) {
  }
  engine_.Release();
  v1::ClassifyStreamResponse reply;
  ASSERT_TRUE(reply.ParseFromString(stream.Read().value_or("none")));
  EXPECT_TRUE(reply.has_result());
  EXPECT_EQ(stream.Read(), std::nullopt);
  const grpc::Status status = stream.Finish();
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("ClassifyStreamRequest"));
  EXPECT_TRUE(ExposesHandled("ClassifyStream", "InvalidArgument", 1));
}

TEST_F(ClassifyStreamTest, AnAnsweredMessageIsNoLongerInFlight) {
  StreamClient stream(*stub_);
  for (uint64_t id = 0; id < 300; ++id) {
    ASSERT_TRUE(stream.Send(id, "good"));
    const auto reply = stream.Read();
    ASSERT_TRUE(reply.has_value());
    ASSERT_TRUE(reply->has_result()) << id << ": " << reply->error().message();
  }
}

TEST_F(ClassifyStreamTest, AnEngineErrorIsTheMessages) {
  engine_.SetScript([](const Batch&) { return absl::InternalError("secret"); });
  StreamClient stream(*stub_);
  stream.Send(1, "good");
  EXPECT_EQ(stream.Read().value_or(v1::ClassifyStreamResponse()).error().code(), grpc::INTERNAL);
  ScriptLogits({0, 1});
  stream.Send(2, "good");
  EXPECT_TRUE(stream.Read().value_or(v1::ClassifyStreamResponse()).has_result());
}

TEST_F(ClassifyStreamTest, StreamsAndTheirMessagesAreCounted) {
  StreamClient stream(*stub_);
  for (uint64_t id = 0; id < 5; ++id) stream.Send(id, id == 3 ? "" : "good");
  stream.HalfClose();
  EXPECT_THAT(stream.ReadAll(), SizeIs(5));
  EXPECT_TRUE(stream.Finish().ok());
  const std::string labels = absl::StrCat("{", CallLabels("ClassifyStream"), "} ");
  EXPECT_TRUE(Exposes("grpc_server_started_total" + labels + "1"));
  EXPECT_TRUE(ExposesHandled("ClassifyStream", "OK", 1));
  EXPECT_TRUE(Exposes("grpc_server_handling_seconds_count" + labels + "1"));
  EXPECT_TRUE(ExposesMessages("received", 5));
  EXPECT_TRUE(ExposesMessages("sent", 5));
  for (const char* stage : {"tokenize", "queue", "inference"}) {
    EXPECT_TRUE(
        Exposes(absl::StrCat("verdict_stage_duration_seconds_count{stage=\"", stage, "\"} 4")));
  }
  EXPECT_TRUE(Exposes("verdict_latency_seconds_count{stage=\"total\"} 4"));
}

TEST_F(ClassifyStreamTest, AnOldStreamAnswersWhatWasReadAndSaysToOpenAnother) {
  engine_.Hold();
  StreamClient old(*stub_);
  old.Send(1, "good");
  engine_.AwaitRuns(1);
  ExchangeMessages();
  const absl::Time between = SteadyNow();
  StreamClient young(*stub_);
  young.Send(2, "good");
  while (!ExposesMessages("received", 2)) {
  }
  streams_.EndOpenedBefore(between);
  streams_.EndOpenedBefore(between);  // once is enough, and again does no harm
  engine_.Release();
  const auto replies = old.ReadAll();
  ASSERT_THAT(replies, SizeIs(1));
  EXPECT_TRUE(replies.find(1)->second.has_result());
  const grpc::Status status = old.Finish();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("open another"));
  EXPECT_EQ(ReasonOf(ToAbslStatus(status)), v1::CONNECTION_AGE);
  young.HalfClose();
  EXPECT_THAT(young.ReadAll(), SizeIs(1));
  EXPECT_TRUE(young.Finish().ok());
}

TEST_F(ClassifyStreamTest, ADrainAnswersWhatWasReadAndEndsTheStream) {
  engine_.Hold();
  StreamClient idle(*stub_);
  StreamClient busy(*stub_);
  StreamClient closed(*stub_);
  busy.Send(1, "good");
  closed.Send(1, "good");
  closed.HalfClose();
  while (!ExposesMessages("received", 2)) {
  }
  ExchangeMessages();  // all three have begun
  streams_.Drain();
  EXPECT_EQ(idle.Read(), std::nullopt);
  const grpc::Status status = idle.Finish();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("the server is draining: call another one"));
  StreamClient late(*stub_);
  EXPECT_EQ(late.Finish().error_code(), grpc::UNAVAILABLE);

  busy.Send(2, "good");  // is not read any more
  engine_.Release();
  const auto replies = busy.ReadAll();
  ASSERT_THAT(replies, SizeIs(1));
  EXPECT_TRUE(replies.find(1)->second.has_result());
  EXPECT_EQ(busy.Finish().error_code(), grpc::UNAVAILABLE);
  // This one had nothing more to ask.
  EXPECT_THAT(closed.ReadAll(), SizeIs(1));
  EXPECT_TRUE(closed.Finish().ok());
  EXPECT_TRUE(ExposesHandled("ClassifyStream", "Unavailable", 3));
}

}  // namespace
}  // namespace verdict
