// The law of an idle server: what a fresh one answers within a deadline, it answers too, whatever
// it has computed before. The queue and the forecast in simulated time, as the Batcher has them.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/batching/forecast.h"
#include "server/batching/queue.h"

namespace verdict {
namespace {

constexpr TextQueue::Limits kLimits;

// A machine: a time for each batch, and one for each token.
struct Machine {
  absl::Duration batch;
  absl::Duration token;

  absl::Duration Time(int64_t tokens) const { return batch + token * tokens; }
};

class Server {
 public:
  explicit Server(Machine machine) : machine_(machine) {
    for (const int64_t tokens : {1, 512}) forecast_.Know(tokens, machine.Time(tokens));
  }

  // A batch that took so much longer or shorter than the machine takes; or failed.
  void Compute(int64_t tokens, double factor, bool fails) {
    forecast_.BatchStarted(tokens, now_);
    now_ += machine_.Time(tokens) * factor;
    forecast_.BatchComputed();
    forecast_.BatchDone(fails ? 0 : tokens, now_);
  }

  // Which texts of a request it answers in time, by their places; none if the request is refused.
  std::set<int32_t> Answer(const std::vector<int64_t>& sizes, absl::Duration timeout) {
    const absl::Time deadline = now_ + timeout;
    std::vector<QueuedText> texts(sizes.size());
    for (size_t i = 0; i < sizes.size(); ++i) {
      texts[i].input_ids.assign(static_cast<size_t>(sizes[i]), static_cast<int32_t>(i));
      texts[i].deadline = deadline;
    }
    std::set<int32_t> answered;
    const bool idle = queue_.empty() && !forecast_.computing();
    if (!idle && !forecast_.InTime(queue_.WorkUntilDone(texts), deadline, now_)) return answered;
    EXPECT_TRUE(queue_.Push(&texts, now_).ok());
    while (!queue_.empty()) {
      const TextQueue::Popped popped = queue_.Pop(now_, forecast_.EndOfFullBatch(now_));
      if (popped.batch.empty()) break;
      Compute(popped.tokens, 1, /*fails=*/false);
      if (now_ > deadline) break;
      for (const QueuedText& text : popped.batch) answered.insert(text.input_ids.at(0));
    }
    queue_.TakeAll();
    return answered;
  }

 private:
  const Machine machine_;
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  TextQueue queue_{kLimits};
  Forecast forecast_{kLimits.max_batch_tokens};
};

TEST(IdleEngineTest, WhatAFreshServerAnswersInTimeAnIdleOneDoesAfterAnyHistory) {
  std::mt19937 random(17);
  const auto between = [&random](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  for (int run = 0; run < 500; ++run) {
    const Machine machine = {absl::Microseconds(between(100, 20'000)),
                             absl::Microseconds(between(1, 500))};
    Server used(machine);
    const int64_t largest = 1 + static_cast<int64_t>(random() % 600);
    for (auto batches = random() % 200; batches > 0; --batches) {
      used.Compute(1 + static_cast<int64_t>(random() % largest),
                   random() % 4 == 0 ? between(0.3, 30) : 1, random() % 20 == 0);
    }
    std::vector<int64_t> sizes(1 + random() % 300);
    for (int64_t& size : sizes) size = 3 + static_cast<int64_t>(random() % 510);
    int64_t tokens = 0;
    for (const int64_t size : sizes) tokens += size;
    const absl::Duration timeout = machine.Time(tokens) * between(0.2, 3);
    Server fresh(machine);
    EXPECT_EQ(used.Answer(sizes, timeout), fresh.Answer(sizes, timeout))
        << sizes.size() << " texts of " << tokens << " tokens within " << timeout;
  }
}

}  // namespace
}  // namespace verdict
