// Streams whose clients stall, leave, or send much: what they cost, and that every one ends and is
// counted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/rpc/classify_stream_call.h"
#include "tests/server/fixtures/serving_fixture.h"
#include "tests/server/fixtures/stream_client.h"

namespace verdict {
namespace {

using ::testing::Contains;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int kMostOpen = ClassifyStreamCall::kMostOpen;

class StreamFlowTest : public ServingTest {
 protected:
  StreamFlowTest()
      : ServingTest({.max_batch_tokens = 1000, .max_queue_tokens = 1'000'000},
                    {.max_texts = 100'000, .max_bytes = 100'000'000}) {}

  // The value of one series of the metrics; -1 if there is none.
  int64_t Value(const std::string& series) const {
    const std::string text = SeriesValue(metrics_.Expose(), series);
    double value = -1;
    EXPECT_TRUE(text.empty() || absl::SimpleAtod(text, &value)) << text;
    return static_cast<int64_t>(value);
  }

  int64_t Count(const std::string& what) const {
    return Value(absl::StrCat("grpc_server_", what, "_total{", CallLabels("ClassifyStream"), "}"));
  }

  int64_t Handled(const std::string& code) const {
    return Value(HandledSeries("ClassifyStream", code));
  }

  int64_t HandledInAll() const {
    return Value(
        absl::StrCat("grpc_server_handling_seconds_count{", CallLabels("ClassifyStream"), "}"));
  }

  // So many streams have ended, for the server too.
  void AwaitEnds(int64_t streams) const {
    while (HandledInAll() < streams) std::this_thread::yield();
    EXPECT_EQ(HandledInAll(), streams);
  }

  bool Computed(int32_t id) const {
    for (const Batch& batch : engine_.batches()) {
      for (const int32_t computed : batch.input_ids) {
        if (computed == id) return true;
      }
    }
    return false;
  }

  // Sends so many texts and closes; each has an id of its own, and a length that tells it.
  static void SendAll(StreamClient& stream, int texts) {
    for (int id = 0; id < texts; ++id) {
      if (!stream.Send(static_cast<uint64_t>(id), Text(id))) return;
    }
    stream.HalfClose();
  }

  static std::string Text(int id) {
    std::string text = "good";
    for (int i = 0; i < id % 5; ++i) absl::StrAppend(&text, " film");
    return text;
  }

  static void ExpectAnswers(const v1::ClassifyStreamResponse& reply) {
    EXPECT_EQ(reply.result().tokens().used(), 3 + reply.id() % 5) << reply.error().message();
  }
};

TEST_F(StreamFlowTest, AStreamIsNotReadBeyondItsOpenMessages) {
  engine_.Hold();
  StreamClient stream(*stub_);
  std::thread writer([&] { SendAll(stream, 300); });
  while (Count("msg_received") < kMostOpen) std::this_thread::yield();
  ExchangeMessages();
  EXPECT_EQ(Count("msg_received"), kMostOpen);
  EXPECT_LE(Value("verdict_queue_texts"), kMostOpen);
  engine_.Release();
  EXPECT_THAT(stream.ReadAll(), SizeIs(300));
  EXPECT_TRUE(stream.Finish().ok());
  writer.join();
}

TEST_F(StreamFlowTest, AReaderThatStallsCostsItsOpenMessagesAndHoldsUpNobody) {
  constexpr int kTexts = 3000;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // else the client's window would grow
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto stub = v1::Classifier::NewStub(grpc::CreateCustomChannel(
      absl::StrCat("127.0.0.1:", port_), grpc::InsecureChannelCredentials(), arguments));
  StreamClient stalled(*stub);
  std::thread writer([&] { SendAll(stalled, kTexts); });
  const auto open = [this] { return Count("msg_received") - Count("msg_sent"); };
  // It stalls when the window is full of replies: then none more leaves while others are served.
  const auto stalls = [&] {
    const int64_t sent = Count("msg_sent");
    for (int i = 0; i < 10; ++i) ExpectServes();
    return open() == kMostOpen && Count("msg_sent") == sent;
  };
  while (!stalls()) std::this_thread::yield();
  StreamClient other(*stub_);
  std::thread other_writer([&] { SendAll(other, 500); });
  EXPECT_THAT(other.ReadAll(), SizeIs(500));
  EXPECT_TRUE(other.Finish().ok());
  other_writer.join();
  ExpectServes();
  EXPECT_EQ(open(), kMostOpen);
  EXPECT_LT(Count("msg_received"), kTexts);
  EXPECT_EQ(Value("verdict_queue_texts"), 0);

  const auto replies = stalled.ReadAll();
  EXPECT_THAT(replies, SizeIs(kTexts));
  for (const auto& [_, reply] : replies) ExpectAnswers(reply);
  EXPECT_TRUE(stalled.Finish().ok());
  writer.join();
}

TEST_F(StreamFlowTest, ACancelledStreamIsNotComputed) {
  engine_.Hold();
  StreamClient held(*stub_);
  held.Send(0, "good");
  engine_.AwaitRuns(1);
  StreamClient stream(*stub_);
  for (uint64_t id = 0; id < 10; ++id) stream.Send(id, "bad");
  while (Count("msg_received") < 11) std::this_thread::yield();
  stream.Cancel();
  EXPECT_EQ(stream.Finish().error_code(), grpc::CANCELLED);
  ExchangeMessages();
  engine_.Release();
  AwaitEnds(1);
  EXPECT_EQ(Handled("Canceled"), 1);
  EXPECT_TRUE(held.Read().has_value());
  ExpectServes();
  EXPECT_FALSE(Computed(6));
}

TEST_F(StreamFlowTest, ADeadlineHoldsForAllTextsOfAStream) {
  engine_.Hold();
  StreamClient held(*stub_);
  held.Send(0, "good");
  engine_.AwaitRuns(1);
  StreamClient stream(*stub_, absl::Milliseconds(50));
  for (uint64_t id = 0; id < 10; ++id) stream.Send(id, "bad");
  EXPECT_EQ(stream.Finish().error_code(), grpc::DEADLINE_EXCEEDED);
  ExchangeMessages();
  engine_.Release();
  AwaitEnds(1);
  EXPECT_EQ(Handled("DeadlineExceeded"), 1);
  EXPECT_TRUE(held.Read().has_value());
  ExpectServes();
  EXPECT_FALSE(Computed(6));
}

TEST_F(StreamFlowTest, ManyMessagesOnManyStreamsAreAllAnsweredAndCounted) {
  constexpr int kStreams = 6;
  constexpr int kTexts = 1000;
  std::vector<std::thread> threads;
  std::atomic<int> replies = 0;
  for (int i = 0; i < kStreams; ++i) {
    threads.emplace_back([this, &replies] {
      StreamClient stream(*stub_);
      std::thread writer([&] { SendAll(stream, kTexts); });
      std::vector<int> seen(kTexts);
      while (const auto reply = stream.Read()) {
        ExpectAnswers(*reply);
        ++seen[reply->id()];
        ++replies;
      }
      writer.join();
      EXPECT_THAT(seen, Not(Contains(Not(1))));
      EXPECT_TRUE(stream.Finish().ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(replies, kStreams * kTexts);
  EXPECT_EQ(Handled("OK"), kStreams);
  EXPECT_EQ(Count("msg_received"), kStreams * kTexts);
  EXPECT_EQ(Count("msg_sent"), kStreams * kTexts);
  EXPECT_EQ(Value("verdict_stage_duration_seconds_count{stage=\"queue\"}"), kStreams * kTexts);
}

// Clients that go away at any moment: before their first reply, while replies are written, after
// the last; by cancelling, by a deadline, or by waiting for the end. No stream is left.
TEST_F(StreamFlowTest, StreamsThatAreLeftAtAnyMomentEndAndAreCounted) {
  constexpr int kThreads = 4;
  constexpr int kStreams = 40;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread] {
      std::mt19937 random(static_cast<unsigned>(thread));
      for (int i = 0; i < kStreams; ++i) {
        const int fate = static_cast<int>(random() % 4);
        const int texts = static_cast<int>(random() % 150);
        StreamClient stream(
            *stub_, fate == 0 ? absl::Microseconds(random() % 5000) : absl::InfiniteDuration());
        std::thread writer([&] { SendAll(stream, texts); });
        const int read = fate == 1 ? static_cast<int>(random() % 20) : texts;
        for (int j = 0; j < read; ++j) {
          const auto reply = stream.Read();
          if (!reply.has_value()) break;
          // Those with a deadline may be told that it cannot be met.
          if (fate != 0 || reply->has_result()) ExpectAnswers(*reply);
        }
        if (fate == 1 || fate == 2) stream.Cancel();
        writer.join();
        const grpc::Status status = stream.Finish();
        if (fate == 3) {
          EXPECT_TRUE(status.ok()) << status.error_message();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  AwaitEnds(Count("started"));
  EXPECT_EQ(Value("verdict_queue_texts"), 0);
  ExpectServes();
}

// A drain in the middle of everything: what was received is answered, and every stream is told.
TEST_F(StreamFlowTest, ADrainAtAnyMomentLosesNothingThatWasReceived) {
  constexpr int kStreams = 6;
  std::vector<std::thread> threads;
  std::atomic<int> replies = 0;
  for (int i = 0; i < kStreams; ++i) {
    threads.emplace_back([this, &replies] {
      StreamClient stream(*stub_);
      std::thread writer([&] {
        for (uint64_t id = 0; stream.Send(id, Text(static_cast<int>(id % 5)));) ++id;
      });
      while (const auto reply = stream.Read()) {
        ExpectAnswers(*reply);
        ++replies;
      }
      writer.join();
      EXPECT_EQ(stream.Finish().error_code(), grpc::UNAVAILABLE);
    });
  }
  while (replies < 1000) std::this_thread::yield();
  streams_.Drain();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Handled("Unavailable"), kStreams);
  EXPECT_EQ(Count("msg_received"), replies);
  EXPECT_EQ(Count("msg_sent"), replies);
}

}  // namespace
}  // namespace verdict
