// Calls that meet a full queue, and calls whose callers stop waiting.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "tests/server/fixtures/serving_fixture.h"

namespace verdict {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

// A call that another thread waits for.
struct PendingCall {
  grpc::ClientContext context;
  v1::ClassifyRequest request;
  v1::ClassifyResponse response;
  grpc::Status status;
  absl::Notification done;
};

class AbandonedCallsTest : public ServingTest {
 protected:
  std::unique_ptr<PendingCall> StartCall(const std::string& text) {
    auto call = std::make_unique<PendingCall>();
    call->request = Request(text);
    stub_->async()->Classify(&call->context, &call->request, &call->response,
                             [call = call.get()](grpc::Status status) {
                               call->status = std::move(status);
                               call->done.Notify();
                             });
    return call;
  }

  // The engine is busy with "good" until Release; what comes now waits.
  std::unique_ptr<PendingCall> HoldEngine() {
    engine_.Hold();
    std::unique_ptr<PendingCall> call = StartCall("good");
    engine_.AwaitRuns(1);
    return call;
  }

  // Ids of the words that reached the engine, special tokens left out.
  std::vector<int32_t> Computed() const {
    std::vector<int32_t> words;
    for (const Batch& batch : engine_.batches()) {
      for (const int32_t id : batch.input_ids) {
        if (id > 4) words.push_back(id);
      }
    }
    return words;
  }
};

TEST_F(AbandonedCallsTest, AFullQueueIsResourceExhaustedWithPushback) {
  const auto held = HoldEngine();
  // 40 tokens may wait: 13 texts of 3.
  std::vector<std::unique_ptr<PendingCall>> waiting;
  for (int i = 0; i < 14; ++i) waiting.push_back(StartCall("bad"));
  int refused = 0;
  // Whichever of them came last is refused, and it alone is done while the engine is held.
  while (refused == 0) {
    for (const auto& call : waiting) refused += call->done.HasBeenNotified() ? 1 : 0;
  }
  EXPECT_EQ(refused, 1);
  engine_.Release();
  for (const auto& call : waiting) {
    call->done.WaitForNotification();
    if (call->status.ok()) continue;
    EXPECT_EQ(call->status.error_code(), grpc::RESOURCE_EXHAUSTED);
    const auto& metadata = call->context.GetServerTrailingMetadata();
    const auto pushback = metadata.find("grpc-retry-pushback-ms");
    ASSERT_NE(pushback, metadata.end());
    EXPECT_EQ(pushback->second, "1000");
  }
  held->done.WaitForNotification();
  ExpectServes();
  EXPECT_TRUE(ExposesHandled("Classify", "ResourceExhausted", 1));
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"queue_full\"} 1"));
}

TEST_F(AbandonedCallsTest, ABatchThatDoesNotFitLeavesNothingBehind) {
  const auto held = HoldEngine();
  v1::ClassifyBatchRequest batch;
  for (int i = 0; i < 13; ++i) batch.add_inputs()->set_text("bad");
  v1::ClassifyBatchResponse first_response;
  grpc::ClientContext first_context;
  grpc::Status first;
  std::thread first_call(
      [&] { first = stub_->ClassifyBatch(&first_context, batch, &first_response); });
  while (!Exposes("verdict_queue_texts 13")) std::this_thread::yield();
  v1::ClassifyBatchRequest two;
  two.add_inputs()->set_text("film");
  two.add_inputs()->set_text("film");
  two.add_inputs();
  grpc::ClientContext context;
  v1::ClassifyBatchResponse response;
  const grpc::Status second = stub_->ClassifyBatch(&context, two, &response);
  EXPECT_EQ(second.error_code(), grpc::RESOURCE_EXHAUSTED);
  engine_.Release();
  first_call.join();
  held->done.WaitForNotification();
}

TEST_F(AbandonedCallsTest, CancelledNeverReachesABatchAndTheNextCallWorks) {
  const auto held = HoldEngine();
  const auto call = StartCall("bad");
  ExchangeMessages();
  call->context.TryCancel();
  call->done.WaitForNotification();
  EXPECT_EQ(call->status.error_code(), grpc::CANCELLED);
  ExchangeMessages();
  engine_.Release();
  held->done.WaitForNotification();
  ASSERT_TRUE(Classify(Request("film")).ok());
  EXPECT_THAT(Computed(), ElementsAre(5, 7));
  EXPECT_TRUE(ExposesHandled("Classify", "Canceled", 1));
  EXPECT_TRUE(ExposesHandled("Classify", "OK", 2));
}

TEST_F(AbandonedCallsTest, ExpiredNeverReachesABatchAndTheNextCallWorks) {
  const auto held = HoldEngine();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(250));
  v1::ClassifyResponse response;
  EXPECT_EQ(stub_->Classify(&context, Request("bad"), &response).error_code(),
            grpc::DEADLINE_EXCEEDED);
  ExchangeMessages();
  engine_.Release();
  held->done.WaitForNotification();
  ASSERT_TRUE(Classify(Request("film")).ok());
  EXPECT_THAT(Computed(), ElementsAre(5, 7));
  EXPECT_TRUE(ExposesHandled("Classify", "DeadlineExceeded", 1));
  EXPECT_TRUE(Exposes("verdict_expired_total{stage=\"queue\"} 1"));
}

TEST_F(AbandonedCallsTest, ACancelledBatchIsNotComputedAndEndsOnce) {
  const auto held = HoldEngine();
  v1::ClassifyBatchRequest batch;
  for (int i = 0; i < 5; ++i) batch.add_inputs()->set_text("bad");
  grpc::ClientContext context;
  v1::ClassifyBatchResponse response;
  grpc::Status status;
  std::thread call([&] { status = stub_->ClassifyBatch(&context, batch, &response); });
  ExchangeMessages();
  context.TryCancel();
  call.join();
  EXPECT_EQ(status.error_code(), grpc::CANCELLED);
  ExchangeMessages();
  engine_.Release();
  held->done.WaitForNotification();
  ExpectServes();
  EXPECT_THAT(Computed(), Not(Contains(6)));
}

// Callers that go away at any moment, and deadlines that pass at any moment, from several threads:
// every call ends, those that are answered are answered right, and the counts are exact.
TEST_F(AbandonedCallsTest, AnyMixOfCallsEndsAndIsCounted) {
  constexpr int kThreads = 4;
  constexpr int kCalls = 150;
  std::vector<std::thread> threads;
  absl::Mutex mutex;
  std::map<grpc::StatusCode, int> codes;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread, &mutex, &codes] {
      std::mt19937 random(static_cast<unsigned>(thread));
      for (int i = 0; i < kCalls; ++i) {
        const unsigned fate = random() % 4;
        auto call = std::make_unique<PendingCall>();
        call->request = Request(i % 2 == 0 ? "good" : "good film");
        if (fate == 0) {
          call->context.set_deadline(std::chrono::system_clock::now() +
                                     std::chrono::microseconds(random() % 2000));
        }
        stub_->async()->Classify(&call->context, &call->request, &call->response,
                                 [call = call.get()](grpc::Status status) {
                                   call->status = std::move(status);
                                   call->done.Notify();
                                 });
        if (fate == 1) call->context.TryCancel();
        call->done.WaitForNotification();
        if (call->status.ok()) {
          EXPECT_EQ(call->response.tokens().used(), i % 2 == 0 ? 3U : 4U);
        }
        absl::MutexLock lock(&mutex);
        ++codes[call->status.error_code()];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int ended = 0;
  for (const auto& [code, count] : codes) {
    // RESOURCE_EXHAUSTED: its deadline is too near for what waits.
    EXPECT_TRUE(code == grpc::OK || code == grpc::CANCELLED || code == grpc::DEADLINE_EXCEEDED ||
                code == grpc::RESOURCE_EXHAUSTED)
        << code;
    ended += count;
  }
  EXPECT_EQ(ended, kThreads * kCalls);
  EXPECT_GT(codes[grpc::OK], 0);
  batcher_.Drain(absl::InfiniteFuture());
  EXPECT_TRUE(Exposes("verdict_queue_texts 0"));
}

}  // namespace
}  // namespace verdict
