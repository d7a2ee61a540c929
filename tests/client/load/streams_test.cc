#include "client/load/streams.h"

#include <atomic>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/load/connections.h"
#include "gtest/gtest.h"
#include "tests/client/fake_classifier.h"

namespace verdict {
namespace {

// One stream at a time, to a real port, at a time that the test tells.
class LoadStreamsTest : public ::testing::Test {
 protected:
  LoadStreamsTest() {
    request_.mutable_input()->set_text("fine");
    streams_ = std::make_unique<LoadStreams>(
        LoadStreams::Options{.stubs = connections_->stubs(),
                             .streams = 1,
                             .clock = [this] { return absl::Milliseconds(now_ms_.load()); },
                             .ended = &ended_,
                             .opened = [this](LoadCall*) { ++opened_; },
                             .life = absl::Seconds(1)});
  }

  ~LoadStreamsTest() override {
    streams_->Drain();
    while (streams_->open() > 0) Await();
  }

  // Sends a message and waits until it has come back.
  void Exchange() {
    messages_.push_back(std::make_unique<LoadCall>());
    LoadCall* const message = messages_.back().get();
    message->method = LoadMethod::kClassify;
    message->id = messages_.size();
    streams_->Send(message, request_);
    while (!returned_.contains(message)) Await();
    EXPECT_EQ(message->code, absl::StatusCode::kOk);
  }

  // Takes what has ended, and forgets the streams among it.
  void Await() {
    ended_.Wait(absl::Seconds(20), /*for_a_call=*/true);
    std::vector<LoadCall*> calls;
    ended_.Take(&calls);
    for (LoadCall* call : calls) {
      returned_.insert(call);
      if (call->method != LoadMethod::kClassifyStream) continue;
      codes_.push_back(call->code);
      streams_->Forget(call);
    }
  }

  FakeClassifier service_;
  absl::StatusOr<LoadConnections> connections_ =
      LoadConnections::Create({.server = service_.address()}, 1);
  v1::ClassifyRequest request_;
  std::atomic<int64_t> now_ms_ = 0;
  int opened_ = 0;
  absl::flat_hash_set<LoadCall*> returned_;
  std::vector<absl::StatusCode> codes_;  // of the streams that have ended
  std::vector<std::unique_ptr<LoadCall>> messages_;
  EndedCalls ended_;
  std::unique_ptr<LoadStreams> streams_;
};

TEST_F(LoadStreamsTest, AYoungStreamTakesEveryMessage) {
  Exchange();
  now_ms_ = 999;
  Exchange();
  EXPECT_EQ(opened_, 1);
}

TEST_F(LoadStreamsTest, AnOldStreamEndsWellAndAnotherTakesItsPlace) {
  Exchange();
  now_ms_ = 1000;
  Exchange();
  EXPECT_EQ(opened_, 2);
  while (codes_.empty()) Await();
  EXPECT_EQ(codes_.front(), absl::StatusCode::kOk);
  EXPECT_EQ(streams_->open(), 1);
}

TEST_F(LoadStreamsTest, WhatAnOldStreamWasSentComesBackAtTheLatestWithIt) {
  LoadCall unanswered;
  v1::ClassifyRequest request;
  request.mutable_input()->set_text("unanswered");
  streams_->Send(&unanswered, request);
  now_ms_ = 1000;
  Exchange();
  while (codes_.empty()) Await();
  EXPECT_TRUE(returned_.contains(&unanswered));
}

}  // namespace
}  // namespace verdict
