// Streams at the server's limits: they are left unread, not refused, and nobody is kept out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "latency/steady_clock.h"
#include "tests/server/fixtures/pending_call.h"
#include "tests/server/fixtures/serving_fixture.h"
#include "tests/server/fixtures/stream_client.h"

namespace verdict {
namespace {

using ::testing::SizeIs;

// Its batches are of 64 tokens, of which streams may have 40 waiting: 14 texts of 3. In flight may
// be 100 texts.
class StreamRoomTest : public ServingTest {
 protected:
  // The engine is busy with "good", its run number `run`, until Release.
  std::unique_ptr<PendingCall> HoldEngine(size_t run = 1) {
    engine_.Hold();
    auto call = std::make_unique<PendingCall>(*stub_, Request("good"));
    engine_.AwaitRuns(run);
    return call;
  }

  bool Received(int messages) const {
    return Exposes(absl::StrCat("grpc_server_msg_received_total{", CallLabels("ClassifyStream"),
                                "} ", messages));
  }

  void AwaitReceived(int messages) const {
    while (!Received(messages)) std::this_thread::yield();
  }

  void AwaitLine() const {
    while (line_.empty()) std::this_thread::yield();
  }

  static void SendAll(StreamClient& stream, int texts) {
    for (int id = 0; id < texts; ++id) {
      if (!stream.Send(static_cast<uint64_t>(id), "bad")) return;
    }
    stream.HalfClose();
  }

  // All `texts` were answered with a label.
  static void ExpectAllAnswered(StreamClient& stream, int texts) {
    int answered = 0;
    while (const auto reply = stream.Read()) {
      EXPECT_TRUE(reply->has_result()) << reply->error().message();
      ++answered;
    }
    EXPECT_EQ(answered, texts);
    EXPECT_TRUE(stream.Finish().ok());
  }
};

TEST_F(StreamRoomTest, AStreamIsLeftUnreadWhileABatchOfItWaits) {
  const auto held = HoldEngine();
  StreamClient stream(*stub_);
  std::thread writer([&] { SendAll(stream, 200); });
  AwaitLine();
  ExchangeMessages();
  EXPECT_TRUE(Received(15)) << "14 wait for the engine, and one for its turn";
  EXPECT_TRUE(Exposes("verdict_queue_tokens 42"));
  engine_.Release();
  ExpectAllAnswered(stream, 200);
  writer.join();
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"queue_full\"} 0"));
  held->done.WaitForNotification();
}

TEST_F(StreamRoomTest, AMessageWaitsForRoomInFlight) {
  std::vector<Admission::Ticket> all;
  all.push_back(admission_.Admit(100, 1).value());
  StreamClient stream(*stub_);
  stream.Send(1, "good");
  stream.Send(2, "good");
  stream.HalfClose();
  AwaitLine();
  ExchangeMessages();
  EXPECT_TRUE(Received(1)) << "the next is not read";
  all.clear();
  ExpectAllAnswered(stream, 2);
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"in_flight\"} 0"));
}

TEST_F(StreamRoomTest, CallsAreTakenBesideStreamsThatWait) {
  const auto held = HoldEngine();
  StreamClient stream(*stub_);
  std::thread writer([&] { SendAll(stream, 100); });
  AwaitLine();
  std::vector<std::unique_ptr<PendingCall>> calls;
  for (int i = 0; i < 13; ++i)
    calls.push_back(std::make_unique<PendingCall>(*stub_, Request("bad")));
  while (!Exposes("verdict_queue_texts 27")) std::this_thread::yield();
  engine_.Release();
  for (const auto& call : calls) {
    call->done.WaitForNotification();
    EXPECT_TRUE(call->status.ok()) << call->status.error_message();
  }
  ExpectAllAnswered(stream, 100);
  writer.join();
  held->done.WaitForNotification();
}

TEST_F(StreamRoomTest, WhatWillBeLateIsRefusedAndNotLeftWaiting) {
  engine_.SetScript([](const Batch& batch) -> absl::StatusOr<Logits> {
    const absl::Time end = SteadyNow() + absl::Milliseconds(200);
    while (SteadyNow() < end) {
    }
    return Logits{.values = std::vector<float>(static_cast<size_t>(batch.texts())), .labels = 1};
  });
  ExpectServes();  // 200 ms for a batch
  const auto held = HoldEngine(2);
  StreamClient stream(*stub_, absl::Milliseconds(150));
  stream.Send(1, "good");
  const auto reply = stream.Read();
  if (reply.has_value()) {
    EXPECT_EQ(reply->error().code(), grpc::RESOURCE_EXHAUSTED);
  }
  engine_.Release();
  held->done.WaitForNotification();
}

TEST_F(StreamRoomTest, AStreamThatIsCancelledWhileItWaitsIsReleased) {
  const auto held = HoldEngine();
  auto stream = std::make_unique<StreamClient>(*stub_);
  std::thread writer([&] { SendAll(*stream, 100); });
  AwaitLine();
  stream->Cancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::CANCELLED);
  writer.join();
  engine_.Release();
  while (!ExposesHandled("ClassifyStream", "Canceled", 1)) std::this_thread::yield();
  while (!line_.empty()) std::this_thread::yield();
  held->done.WaitForNotification();
  AwaitInFlight(0, 0);
  StreamClient next(*stub_);
  std::thread next_writer([&] { SendAll(next, 100); });
  ExpectAllAnswered(next, 100);
  next_writer.join();
}

// Before the engine moves again. The deadline is long enough for the call to arrive on a busy
// machine.
TEST_F(StreamRoomTest, ADeadlineEndsAStreamThatWaits) {
  std::vector<Admission::Ticket> all;
  all.push_back(admission_.Admit(100, 1).value());
  StreamClient stream(*stub_, absl::Seconds(1));
  stream.Send(1, "good");
  EXPECT_EQ(stream.Finish().error_code(), grpc::DEADLINE_EXCEEDED);
  while (!ExposesHandled("ClassifyStream", "DeadlineExceeded", 1)) std::this_thread::yield();
}

TEST_F(StreamRoomTest, ADrainAnswersWhatWaitsForItsTurn) {
  const auto held = HoldEngine();
  StreamClient stream(*stub_);
  std::thread writer([&] { SendAll(stream, 100); });
  AwaitLine();
  AwaitReceived(15);
  streams_.Drain();
  engine_.Release();
  const auto replies = stream.ReadAll();
  EXPECT_THAT(replies, SizeIs(15));
  for (const auto& [_, reply] : replies) EXPECT_TRUE(reply.has_result());
  EXPECT_EQ(stream.Finish().error_code(), grpc::UNAVAILABLE);
  writer.join();
  held->done.WaitForNotification();
}

TEST_F(StreamRoomTest, TheEndOfADrainAnswersWhatWaitsForItsTurn) {
  const auto held = HoldEngine();
  StreamClient stream(*stub_);
  std::thread writer([&] { SendAll(stream, 100); });
  AwaitLine();
  AwaitReceived(15);
  streams_.Drain();
  batcher_.Drain(absl::InfinitePast());
  const auto replies = stream.ReadAll();
  EXPECT_THAT(replies, SizeIs(15));
  for (const auto& [_, reply] : replies) EXPECT_EQ(reply.error().code(), grpc::UNAVAILABLE);
  EXPECT_EQ(stream.Finish().error_code(), grpc::UNAVAILABLE);
  writer.join();
  engine_.Release();
  held->done.WaitForNotification();
}

// Many more than there is room for, and calls beside them: all are answered.
TEST_F(StreamRoomTest, AHundredStreamsOfAThousandTextsAreAllAnswered) {
  constexpr int kStreams = 100;
  constexpr int kTexts = 1000;
  std::atomic<int> ended = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kStreams; ++i) {
    threads.emplace_back([&, this] {
      StreamClient stream(*stub_);
      std::thread writer([&] { SendAll(stream, kTexts); });
      ExpectAllAnswered(stream, kTexts);
      writer.join();
      ++ended;
    });
  }
  int calls = 0;
  while (ended < kStreams) {
    const grpc::Status status = Classify(Request("good"));
    EXPECT_TRUE(status.ok()) << status.error_message();
    ++calls;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(calls, 10);
  for (const char* reason : {"queue_full", "in_flight", "deadline"}) {
    EXPECT_TRUE(Exposes(absl::StrCat("verdict_shed_total{reason=\"", reason, "\"} 0"))) << reason;
  }
  AwaitInFlight(0, 0);
}

}  // namespace
}  // namespace verdict
