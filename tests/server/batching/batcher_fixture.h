// A Batcher with a FakeEngine, and what its texts came to.
#ifndef VERDICT_TESTS_SERVER_BATCHING_BATCHER_FIXTURE_H_
#define VERDICT_TESTS_SERVER_BATCHING_BATCHER_FIXTURE_H_

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"
#include "engine/fake_engine.h"
#include "server/batching/batcher.h"

namespace verdict {

// Collects what every text came to; a text is told by its number.
class Outcomes {
 public:
  QueuedText Text(int number, int tokens = 3) {
    QueuedText text;
    text.input_ids.assign(static_cast<size_t>(tokens), number);
    text.done = [this, number](absl::StatusOr<TextResult> result) {
      absl::MutexLock lock(&mutex_);
      ASSERT_TRUE(results_.emplace(number, std::move(result)).second) << "done ran twice";
    };
    return text;
  }

  // Waits until `count` texts are done.
  std::map<int, absl::StatusOr<TextResult>> Await(size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [this, count]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return results_.size() >= count;
    };
    mutex_.Await(absl::Condition(&reached));
    return results_;
  }

  size_t count() const {
    absl::MutexLock lock(&mutex_);
    return results_.size();
  }

 private:
  mutable absl::Mutex mutex_;
  std::map<int, absl::StatusOr<TextResult>> results_ ABSL_GUARDED_BY(mutex_);
};

class BatcherTest : public ::testing::Test {
 protected:
  static constexpr TextQueue::Limits kLimits = {.max_batch_tokens = 12, .max_queue_tokens = 30};

  // Occupies the engine with text 0 until Release.
  void HoldEngine() {
    engine_.Hold();
    ASSERT_TRUE(Submit(outcomes_.Text(0)).ok());
    engine_.AwaitRuns(1);
  }

  absl::Status Submit(QueuedText text) {
    std::vector<QueuedText> texts;
    texts.push_back(std::move(text));
    return batcher_->Submit(&texts);
  }

  // Whether verdictd's metrics have this line.
  bool Exposes(const std::string& line) const {
    return absl::StrContains(metrics_.Expose(), "\n" + line + "\n");
  }

  FakeEngine engine_;
  Metrics metrics_{ServedModel{}};
  Outcomes outcomes_;
  std::unique_ptr<Batcher> batcher_ = std::make_unique<Batcher>(&engine_, &metrics_, kLimits);
};

}  // namespace verdict

#endif  // VERDICT_TESTS_SERVER_BATCHING_BATCHER_FIXTURE_H_
