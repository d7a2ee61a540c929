#include "client/load/generator.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/client/fake_classifier.h"
#include "tests/client/load/tally.h"

namespace verdict {
namespace {

using absl::Milliseconds;
using absl::Seconds;
using absl::StatusCode;

// Sends loads to a real port. Nothing is asserted about how fast this machine is.
class LoadGeneratorTest : public ::testing::Test {
 protected:
  LoadGeneratorTest() {
    service_.before = [this](auto) {
      ++seen_;
      return grpc::Status::OK;
    };
    options_.timeout = Seconds(20);
  }

  LoadTally Run() {
    schedule_options_.stages = {
        {.begin_rate = rate_, .end_rate = rate_, .duration = absl::InfiniteDuration()}};
    const auto connections = LoadConnections::Create({.server = service_.address()}, connections_);
    EXPECT_TRUE(connections.ok());
    EXPECT_EQ(connections->Connect(), absl::OkStatus());
    mix_options_.texts = texts_.size();
    const LoadRequests requests(texts_, mix_options_.batch_size);
    LoadMix mix(mix_options_);
    LoadSchedule schedule(schedule_options_);
    LoadRecorder recorder({absl::InfiniteDuration()});
    LoadGenerator generator(options_, {.connections = &*connections,
                                       .requests = &requests,
                                       .mix = &mix,
                                       .schedule = options_.concurrency > 0 ? nullptr : &schedule,
                                       .recorder = &recorder});
    generator.Run([&](absl::Duration elapsed) {
      in_flight_ = generator.in_flight();
      return tick_(elapsed);
    });
    held_back_ = generator.health().held_back;
    most_in_flight_ = generator.health().most_in_flight;
    return recorder.Total();
  }

  // Five calls, each of which lasts until it is cancelled.
  void CancelFiveCalls() {
    service_.before = [this](grpc::ServerContext* context) {
      ++seen_;
      while (!context->IsCancelled()) std::this_thread::yield();
      return grpc::Status::CANCELLED;
    };
    mix_options_.cancel_percent = 100;
    schedule_options_.requests = 5;
  }

  absl::Notification release_;  // outlives the service's threads
  FakeClassifier service_;
  std::atomic<uint64_t> seen_ = 0;
  std::vector<std::string> texts_ = {"fine", "bad"};
  double rate_ = 5000;
  int connections_ = 1;
  LoadMixOptions mix_options_;
  LoadScheduleOptions schedule_options_ = {.stages = {}, .requests = 500};
  LoadGeneratorOptions options_;
  std::function<bool(absl::Duration)> tick_ = [](absl::Duration) { return true; };
  size_t in_flight_ = 0;  // at a tick
  uint64_t held_back_ = 0;
  size_t most_in_flight_ = 0;
};

TEST_F(LoadGeneratorTest, CountsWhatTheServerSaw) {
  connections_ = 3;
  mix_options_.weights = {1, 1, 0, 1, 1};
  mix_options_.batch_size = 4;
  const LoadTally tally = Run();
  const MethodTally calls = tally.Calls();
  EXPECT_EQ(calls.started, 500);
  EXPECT_EQ(Codes(calls, StatusCode::kOk), 500);
  EXPECT_EQ(seen_, 500);
  EXPECT_EQ(service_.batches().size(), tally.of(LoadMethod::kClassifyBatch).started);
  EXPECT_EQ(tally.texts_ok, tally.of(LoadMethod::kClassify).started +
                                4 * tally.of(LoadMethod::kClassifyBatch).started);
  EXPECT_EQ(tally.wrong_replies, 0);
}

TEST_F(LoadGeneratorTest, EveryStatusIsCountedUnderItsCode) {
  service_.before = [this](auto) {
    const uint64_t number = seen_++;
    return number % 5 == 0   ? grpc::Status(grpc::RESOURCE_EXHAUSTED, "full")
           : number % 5 == 1 ? grpc::Status(grpc::UNAVAILABLE, "draining")
                             : grpc::Status::OK;
  };
  const MethodTally calls = Run().Calls();
  EXPECT_EQ(Codes(calls, StatusCode::kResourceExhausted), 100);
  EXPECT_EQ(Codes(calls, StatusCode::kUnavailable), 100);
  EXPECT_EQ(Codes(calls, StatusCode::kOk), 300);
}

TEST_F(LoadGeneratorTest, ABadCallThatIsAnsweredIsAWrongReply) {
  mix_options_.bad_percent = 100;
  schedule_options_.requests = 40;
  const LoadTally tally = Run();
  // This service refuses an empty text, and gRPC one that is not UTF-8.
  EXPECT_EQ(Codes(tally.Calls(), StatusCode::kInvalidArgument), 10);
  EXPECT_EQ(Codes(tally.Calls(), StatusCode::kOk), 20);
  EXPECT_EQ(tally.wrong_replies, 20);
  EXPECT_EQ(tally.texts_ok, 0);
}

TEST_F(LoadGeneratorTest, CancelsCallsThatHaveNotEnded) {
  CancelFiveCalls();
  const MethodTally calls = Run().Calls();
  EXPECT_EQ(Codes(calls, StatusCode::kCancelled), 5);
  EXPECT_EQ(calls.finished(), 5);
}

TEST_F(LoadGeneratorTest, ACallThatItCancelledIsNotRetried) {
  CancelFiveCalls();
  options_.attempts = 3;
  EXPECT_EQ(Codes(Run().Calls(), StatusCode::kCancelled), 5);
  EXPECT_EQ(seen_, 5);
}

TEST_F(LoadGeneratorTest, ACallThatEndedBeforeItWasCancelledCountsAsItEnded) {
  mix_options_.cancel_percent = 100;
  options_.cancel_after = Seconds(10);
  EXPECT_EQ(Codes(Run().Calls(), StatusCode::kOk), 500);
}

TEST_F(LoadGeneratorTest, AClosedLoopHasSoManyInFlightAndNoMore) {
  options_.concurrency = 3;
  options_.closed_loop_requests = 200;
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  service_.before = [&](auto) {
    const int now = ++inside;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    --inside;
    return grpc::Status::OK;
  };
  EXPECT_EQ(Codes(Run().Calls(), StatusCode::kOk), 200);
  EXPECT_LE(most, 3);
  EXPECT_EQ(most_in_flight_, 3);
}

// Ticks come between bursts. One that comes after every burst was waited for, or each burst took as
// long as a tick.
TEST_F(LoadGeneratorTest, AWideClosedLoopFillsWithoutWaitingForTicks) {
  constexpr size_t kBurst = 64;
  options_.concurrency = 5 * kBurst;
  options_.closed_loop_requests = options_.concurrency;
  service_.before = [this](auto) {
    release_.WaitForNotification();
    return grpc::Status::OK;
  };
  size_t before = 0;
  size_t most_between_ticks = 0;
  tick_ = [&](auto) {
    if (release_.HasBeenNotified()) return true;
    // Nothing ends, so what is more in flight was started.
    most_between_ticks = std::max(most_between_ticks, in_flight_ - before);
    if (in_flight_ == before) release_.Notify();
    before = in_flight_;
    return true;
  };
  EXPECT_EQ(Codes(Run().Calls(), StatusCode::kOk), options_.concurrency);
  EXPECT_EQ(most_in_flight_, options_.concurrency);
  EXPECT_GT(most_between_ticks, kBurst);
}

// One call is held for 300 ms while others wait for it: they were meant to start long before.
TEST_F(LoadGeneratorTest, WhatIsHeldBackIsTimedFromItsIntendedStart) {
  service_.before = [this](auto) {
    release_.WaitForNotification();
    return grpc::Status::OK;
  };
  tick_ = [&](absl::Duration elapsed) {
    if (elapsed >= Milliseconds(300) && !release_.HasBeenNotified()) release_.Notify();
    return true;
  };
  rate_ = 100;
  schedule_options_.requests = 20;
  options_.max_in_flight = 1;
  const MethodTally calls = Run().Calls();
  EXPECT_EQ(Codes(calls, StatusCode::kOk), 20);
  EXPECT_GE(held_back_, 19);
  // The last was meant to start at 190 ms, and could not before 300.
  EXPECT_GE(calls.latency[0]->MinInSeconds(), 0.109);
  EXPECT_GE(calls.latency[0]->QuantileInSeconds(0.5), 0.200);
}

TEST_F(LoadGeneratorTest, ADeadlineRunsFromTheIntendedStart) {
  service_.before = [this](auto) {
    release_.WaitForNotification();
    return grpc::Status::OK;
  };
  rate_ = 1000;
  schedule_options_.requests = 50;
  options_.timeout = Milliseconds(50);
  options_.max_in_flight = 5;
  const LoadTally tally = Run();
  release_.Notify();
  EXPECT_EQ(Codes(tally.Calls(), StatusCode::kDeadlineExceeded), 50);
  // Only the first five waited for the server; from their real starts, ten rounds would take 500
  // ms.
  EXPECT_GE(held_back_, 1);
}

TEST_F(LoadGeneratorTest, RetriesAsTheClientDoesAndCountsTheCallOnce) {
  service_.before = [this](auto) {
    return seen_++ % 2 == 0 ? grpc::Status(grpc::UNAVAILABLE, "going") : grpc::Status::OK;
  };
  options_.concurrency = 1;
  options_.closed_loop_requests = 50;
  options_.attempts = 3;
  const MethodTally calls = Run().Calls();
  EXPECT_EQ(calls.started, 50);
  EXPECT_EQ(Codes(calls, StatusCode::kOk), 50);
  EXPECT_EQ(seen_, 100);
}

TEST_F(LoadGeneratorTest, MessagesHaveTheirOwnOutcomesAndStreamsAreCallsOfTheirOwn) {
  texts_ = {"fine", "bad", "too much"};
  mix_options_.weights = {0, 0, 1, 0, 0};
  schedule_options_.requests = 300;
  const LoadTally tally = Run();
  const MethodTally& messages = tally.of(LoadMethod::kMessage);
  EXPECT_EQ(messages.started, 300);
  EXPECT_EQ(Codes(messages, StatusCode::kOk), 200);
  EXPECT_EQ(Codes(messages, StatusCode::kResourceExhausted), 100);
  EXPECT_EQ(tally.texts_ok, 200);
  EXPECT_EQ(tally.Calls().started, seen_);
  EXPECT_EQ(Codes(tally.Calls(), StatusCode::kOk), seen_);
}

TEST_F(LoadGeneratorTest, AMessageWithoutAnAnswerExpires) {
  texts_ = {"fine", "unanswered"};
  mix_options_.weights = {0, 0, 1, 0, 0};
  schedule_options_.requests = 20;
  options_.timeout = Milliseconds(500);
  const LoadTally tally = Run();
  EXPECT_EQ(Codes(tally.of(LoadMethod::kMessage), StatusCode::kDeadlineExceeded), 10);
  EXPECT_EQ(Codes(tally.of(LoadMethod::kMessage), StatusCode::kOk), 10);
  EXPECT_EQ(Codes(tally.Calls(), StatusCode::kOk), seen_) << "the streams themselves are well";
}

TEST_F(LoadGeneratorTest, MessagesOfAStreamThatFailsHaveItsCode) {
  service_.before = [this](auto) {
    ++seen_;
    return grpc::Status(grpc::UNIMPLEMENTED, "no streams here");
  };
  mix_options_.weights = {0, 0, 1, 0, 0};
  schedule_options_.requests = 100;
  const LoadTally tally = Run();
  EXPECT_EQ(Codes(tally.of(LoadMethod::kMessage), StatusCode::kUnimplemented), 100);
  EXPECT_EQ(Codes(tally.Calls(), StatusCode::kUnimplemented), seen_);
  EXPECT_LE(seen_, 100);
}

TEST_F(LoadGeneratorTest, StopsEarlyWhenItIsTold) {
  rate_ = 100;
  schedule_options_.requests = std::nullopt;
  tick_ = [](absl::Duration elapsed) { return elapsed < Milliseconds(200); };
  const MethodTally calls = Run().Calls();
  EXPECT_GE(calls.started, 1);
  EXPECT_EQ(calls.started, calls.finished());
}

}  // namespace
}  // namespace verdict
