// The whole server but its engine and its process: ports, health, limits, drain.
#include "server/server.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpc/health/v1/health.pb.h"
#include "server/rpc/classify_stream_call.h"
#include "tests/server/fixtures/http_get.h"
#include "tests/server/fixtures/raw_call.h"
#include "tests/server/fixtures/stream_client.h"
#include "tests/server/fixtures/tiny_model.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

constexpr char kService[] = "verdict.v1.Classifier";

std::string Loopback(int port) { return absl::StrCat("127.0.0.1:", port); }

class ServerTest : public ::testing::Test {
 protected:
  static constexpr RequestLimits kRequests = {.max_inputs = 20, .max_text_bytes = 1000};

  explicit ServerTest(const RequestLimits& requests = kRequests) : options_(Options(requests)) {
    Model model = TinyModel();
    engine_ = &EngineOf(model);
    absl::StatusOr<std::unique_ptr<Server>> server =
        Server::Start(options_, std::move(model), absl::Seconds(1));
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = Connect({});
  }

  static ServerOptions Options(const RequestLimits& requests = kRequests) {
    ServerOptions options;
    options.model_name = "tiny";
    options.grpc_addresses = {"127.0.0.1:0"};
    options.http_addresses = {"127.0.0.1:0"};
    options.requests = requests;
    return options;
  }

  std::shared_ptr<grpc::Channel> Connect(grpc::ChannelArguments arguments) const {
    // Channels with equal arguments would share one connection.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(Loopback(server_->grpc_port()),
                                     grpc::InsecureChannelCredentials(), arguments);
  }

  static grpc::Status Classify(const std::shared_ptr<grpc::Channel>& channel,
                               const std::string& text,
                               absl::Duration timeout = absl::Seconds(30)) {
    v1::ClassifyRequest request;
    request.mutable_input()->set_text(text);
    v1::ClassifyResponse response;
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    return v1::Classifier::NewStub(channel)->Classify(&context, request, &response);
  }

  grpc::Status ClassifyBatch(const std::vector<std::string>& texts,
                             absl::Duration timeout = absl::Seconds(30)) const {
    v1::ClassifyBatchRequest request;
    for (const std::string& text : texts) request.add_inputs()->set_text(text);
    v1::ClassifyBatchResponse response;
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    return v1::Classifier::NewStub(channel_)->ClassifyBatch(&context, request, &response);
  }

  // What /metrics says of a series; -1 where it has none.
  int Value(const std::string& series) const {
    const std::string begin = absl::StrCat("\n", series, " ");
    const std::string page = HttpGet(server_->http_port(), "/metrics");
    const size_t found = page.find(begin);
    return found == std::string::npos ? -1 : std::atoi(page.c_str() + found + begin.size());
  }

  void AwaitValue(const std::string& series, int value) const {
    while (Value(series) != value) {
    }
  }

  // How many messages of streams /metrics says were "received" or "sent".
  int StreamMessages(const std::string& direction) const {
    return Value(
        absl::StrCat("grpc_server_msg_", direction,
                     "_total{grpc_method=\"ClassifyStream\",grpc_service=\"verdict.v1.Classifier\","
                     "grpc_type=\"bidi_stream\"}"));
  }

  const ServerOptions options_;
  FakeEngine* engine_ = nullptr;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(ServerTest, ServesAndSaysSo) {
  EXPECT_TRUE(Classify(channel_, "good").ok());
  EXPECT_EQ(Health(channel_, ""), "SERVING");
  EXPECT_EQ(Health(channel_, kService), "SERVING");
  EXPECT_EQ(Health(channel_, "nothing"), absl::StrCat("code ", grpc::NOT_FOUND));
  EXPECT_THAT(HttpGet(server_->http_port(), "/readyz"), HasSubstr(" 200 "));
  EXPECT_THAT(HttpGet(server_->http_port(), "/healthz"), HasSubstr(" 200 "));
  EXPECT_THAT(HttpGet(server_->http_port(), "/metrics"), HasSubstr("verdict_model_info"));
  EXPECT_THAT(HttpGet(server_->http_port(), "/metrics"), HasSubstr("\nverdict_ready 1\n"));
}

TEST_F(ServerTest, HttpRepliesAreCountedByRouteAndStatus) {
  HttpGet(server_->http_port(), "/readyz");
  HttpGet(server_->http_port(), "/no//such");
  HttpGet(server_->http_port(), "/no/such/path");
  HttpGet(server_->http_port(), "/v1/classify");
  const std::string page = HttpGet(server_->http_port(), "/metrics");
  for (const char* line :
       {"{code=\"200\",route=\"/readyz\"} 1\n", "{code=\"404\",route=\"other\"} 1\n",
        "{code=\"400\",route=\"other\"} 1\n", "{code=\"405\",route=\"/v1/classify\"} 1\n"}) {
    EXPECT_THAT(page, HasSubstr(absl::StrCat("\nverdict_http_responses_total", line)));
  }
}

TEST_F(ServerTest, WatchingAnUnknownNameSaysServiceUnknown) {
  grpc::health::v1::HealthCheckRequest request;
  request.set_service("nothing");
  RawStream watch(channel_, "/grpc.health.v1.Health/Watch", request.SerializeAsString());
  EXPECT_EQ(watch.Read(), "\x08\x03");
}

// They would be kept for as long as somebody watches.
TEST_F(ServerTest, LongNamesOfServicesAreRefused) {
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(std::string(5000, 'x'));
  RawStream watch(channel_, "/grpc.health.v1.Health/Watch", request.SerializeAsString());
  EXPECT_EQ(watch.Read(), std::nullopt);
  EXPECT_EQ(watch.Finish().error_code(), grpc::RESOURCE_EXHAUSTED);
  const grpc::Status check =
      RawCall(channel_, "/grpc.health.v1.Health/Check", request.SerializeAsString());
  EXPECT_EQ(check.error_code(), grpc::RESOURCE_EXHAUSTED);
}

TEST_F(ServerTest, GrpcAnswersWhereverItListens) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/", getpid(), "grpc.sock");
  ServerOptions options = Options();
  options.grpc_addresses = {"unix:" + path, "127.0.0.1:0"};
  const auto server = Server::Start(options, TinyModel(), absl::ZeroDuration());
  ASSERT_TRUE(server.ok()) << server.status();
  for (const std::string& address : {"unix:" + path, Loopback((*server)->grpc_port())}) {
    const grpc::Status status =
        Classify(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()), "hello");
    EXPECT_TRUE(status.ok()) << address << ": " << status.error_message();
  }
}

TEST_F(ServerTest, ABusyGrpcPortIsAnErrorThatNamesTheAddress) {
  ServerOptions options = Options();
  options.grpc_addresses = {Loopback(server_->grpc_port())};
  const absl::Status status = Server::Start(options, TinyModel(), absl::ZeroDuration()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr(options.grpc_addresses.front()));
}

TEST_F(ServerTest, ABusyHttpPortIsAnErrorThatNamesTheAddress) {
  ServerOptions options = Options();
  options.http_addresses = {Loopback(server_->http_port())};
  const absl::Status status = Server::Start(options, TinyModel(), absl::ZeroDuration()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr(options.http_addresses.front()));
}

TEST_F(ServerTest, CompressedRequestsAreRefused) {
  grpc::ChannelArguments arguments;
  arguments.SetCompressionAlgorithm(GRPC_COMPRESS_GZIP);
  const grpc::Status status = Classify(Connect(arguments), std::string(900, 'x'));
  EXPECT_EQ(status.error_code(), grpc::UNIMPLEMENTED) << status.error_message();
  EXPECT_TRUE(Classify(channel_, "good").ok());
}

TEST_F(ServerTest, ATextThatIsMuchTooLongIsNotReadToItsEnd) {
  EXPECT_EQ(Classify(channel_, std::string(1 << 20, 'x')).error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(Classify(channel_, std::string(5 << 20, 'x')).error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Classify(channel_, "good").ok());
}

TEST_F(ServerTest, DrainAnswersWhatWasAcceptedAndTakesNoMore) {
  const std::unique_ptr<RawStream> watch = WatchHealth(channel_);
  EXPECT_EQ(watch->Read(), "\x08\x01");
  engine_->Hold();
  grpc::Status accepted;
  std::thread call([&] { accepted = Classify(channel_, "good"); });
  engine_->AwaitRuns(1);

  std::thread drain([&] { server_->Drain({.timeout = absl::InfiniteDuration()}); });
  EXPECT_EQ(watch->Read(), "\x08\x02");  // as soon as it drains
  EXPECT_THAT(HttpGet(server_->http_port(), "/readyz"), HasSubstr(" 503 "));
  EXPECT_THAT(HttpGet(server_->http_port(), "/readyz"), HasSubstr("draining"));
  EXPECT_THAT(HttpGet(server_->http_port(), "/metrics"), HasSubstr("\nverdict_ready 0\n"));
  EXPECT_EQ(watch->Read(), std::nullopt);
  EXPECT_EQ(watch->Finish().error_code(), grpc::UNAVAILABLE);
  // One that comes between the two is accepted, and cannot be answered while the engine is held.
  grpc::Status refused;
  do {
    refused = Classify(Connect({}), "bad", absl::Milliseconds(50));
  } while (refused.error_code() == grpc::DEADLINE_EXCEEDED);
  EXPECT_EQ(refused.error_code(), grpc::UNAVAILABLE);

  engine_->Release();
  call.join();
  EXPECT_TRUE(accepted.ok()) << accepted.error_message();
  drain.join();
}

TEST_F(ServerTest, DrainEndsWhatIsNotDoneInTime) {
  engine_->Hold();
  grpc::Status in_engine;
  std::thread first([&] { in_engine = Classify(channel_, "good"); });
  engine_->AwaitRuns(1);
  grpc::Status waiting;
  std::thread second([&] { waiting = Classify(channel_, "bad"); });
  AwaitValue("verdict_queue_texts", 1);
  std::thread drain([&] { server_->Drain({.timeout = absl::ZeroDuration()}); });
  second.join();
  EXPECT_EQ(waiting.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(waiting.error_message(), "the server is going away: call another one");
  engine_->Release();
  first.join();
  drain.join();
}

// Else only the reply's reader would know, and no client retries a text of a batch.
TEST_F(ServerTest, ABatchThatADrainEndsIsUnavailable) {
  engine_->Hold();
  grpc::Status in_engine;
  std::thread first([&] { in_engine = Classify(channel_, "good"); });
  engine_->AwaitRuns(1);
  grpc::Status waiting;
  std::thread second([&] { waiting = ClassifyBatch({"bad", "good"}); });
  AwaitValue("verdict_queue_texts", 2);
  std::thread drain([&] { server_->Drain({.timeout = absl::ZeroDuration()}); });
  second.join();
  EXPECT_EQ(waiting.error_code(), grpc::UNAVAILABLE);
  engine_->Release();
  first.join();
  drain.join();
}

// Texts that take a while to tokenize.
class ServerOfLongTextsTest : public ServerTest {
 protected:
  ServerOfLongTextsTest() : ServerTest({.max_inputs = 100, .max_text_bytes = 65'536}) {}

  const std::vector<std::string> texts_ = std::vector<std::string>(100, std::string(60'000, '!'));
};

TEST_F(ServerOfLongTextsTest, DrainAnswersABatchThatIsNotTokenizedYet) {
  grpc::Status accepted;
  std::thread call([&] { accepted = ClassifyBatch(texts_); });
  AwaitValue("verdict_in_flight_texts", 100);
  server_->Drain({.timeout = absl::InfiniteDuration()});
  call.join();
  EXPECT_TRUE(accepted.ok()) << accepted.error_message();
}

// Tries one deadline after another, until one has passed while the texts were tokenized.
TEST_F(ServerOfLongTextsTest, ABatchThatExpiresCountsAllItsTexts) {
  int expired = 0;
  for (absl::Duration timeout = absl::Milliseconds(20); expired == 0 && timeout < absl::Seconds(2);
       timeout *= 1.2) {
    ClassifyBatch(texts_, timeout);
    expired = Value("verdict_expired_total{stage=\"tokenize\"}");
  }
  EXPECT_GT(expired, 0);
  EXPECT_EQ(expired % 100, 0) << expired;  // of several batches, where the first was seen late
}

TEST_F(ServerTest, DrainAnswersWhatStreamsHaveSentAndEndsThem) {
  const auto stub = v1::Classifier::NewStub(channel_);
  StreamClient idle(*stub);
  StreamClient busy(*stub);
  busy.Send(1, "good");
  EXPECT_TRUE(busy.Read().has_value());
  engine_->Hold();
  busy.Send(2, "good film");
  engine_->AwaitRuns(2);
  std::thread drain([&] { server_->Drain({.timeout = absl::InfiniteDuration()}); });
  // One whose client is silent does not hold it up.
  EXPECT_EQ(idle.Read(), std::nullopt);
  EXPECT_EQ(idle.Finish().error_code(), grpc::UNAVAILABLE);
  engine_->Release();
  const auto replies = busy.ReadAll();
  EXPECT_EQ(replies.count(2), 1U);
  EXPECT_EQ(busy.Finish().error_code(), grpc::UNAVAILABLE);
  drain.join();
}

// Its replies fill the client's window, and nobody reads them.
TEST_F(ServerTest, AStreamThatStallsDoesNotHoldUpADrain) {
  grpc::ChannelArguments small_window;
  small_window.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 4096);
  small_window.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  const auto stub = v1::Classifier::NewStub(Connect(small_window));
  StreamClient stalled(*stub);
  std::thread writer([&] {
    for (uint64_t id = 0; id < 100'000 && stalled.Send(id, std::string(900, 'x')); ++id) {
    }
  });
  // Nothing has moved for a while, and the stream is full.
  for (int sent = -1, looks = 0; looks < 50; ++looks) {
    const int now = StreamMessages("sent");
    if (now != sent || StreamMessages("received") - now < ClassifyStreamCall::kMostOpen) looks = 0;
    sent = now;
  }
  server_->Drain({.timeout = absl::InfiniteDuration()});
  while (stalled.Read().has_value()) {
  }
  EXPECT_FALSE(stalled.Finish().ok());
  writer.join();
}

TEST_F(ServerTest, TheDestructorEndsAServerThatWasNotDrained) {
  const std::unique_ptr<RawStream> watch = WatchHealth(channel_);
  EXPECT_EQ(watch->Read(), "\x08\x01");
  server_.reset();
  while (watch->Read().has_value()) {
  }
}

}  // namespace
}  // namespace verdict
