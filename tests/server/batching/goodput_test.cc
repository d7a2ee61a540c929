// The queue and the forecast under overload, in simulated time: an engine, callers with deadlines,
// and what becomes of them. The Batcher puts the same two together with threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/batching/forecast.h"
#include "server/batching/queue.h"

namespace verdict {
namespace {

constexpr TextQueue::Limits kLimits;

// A full-size model on two cores: 6 ms for a batch and 0.28 ms for a token.
absl::Duration EngineTime(int64_t tokens) {
  return absl::Milliseconds(6) + absl::Microseconds(280) * tokens;
}

struct Load {
  double of_peak = 1;     // how much comes, in multiples of what the engine can do
  double long_share = 0;  // of the texts; these have 512 tokens
  double noise = 0.1;     // a batch takes up to so much more or less than it should
  absl::Duration deadline = absl::Seconds(1);
};

// What became of the texts of a minute; in tokens, since those are what the engine is paid in.
struct Outcome {
  double goodput = 0;               // in time, as a part of what the engine can do
  double wasted = 0;                // computed too late, likewise
  double expired = 0;               // of those that were taken: ended without being computed
  absl::Duration longest_of_short;  // the longest that a short text took that was in time
};

class Simulation {
 public:
  explicit Simulation(Load load) : load_(load) {}

  Outcome Run() {
    const absl::Time end = start_ + absl::Minutes(1);
    absl::Time arrival = start_;
    while (now_ < end && (arrival < end || !queue_.empty())) {
      while (arrival <= now_ || (queue_.empty() && arrival < end)) {
        now_ = std::max(now_, arrival);
        Arrive(arrival);
        arrival += NextGap();
        if (!busy_) Compute(&arrival);
      }
      Compute(&arrival);
    }
    const double possible = absl::ToDoubleSeconds(now_ - start_) *
                            static_cast<double>(kLimits.max_batch_tokens) /
                            absl::ToDoubleSeconds(EngineTime(kLimits.max_batch_tokens));
    return {.goodput = in_time_ / possible,
            .wasted = late_ / possible,
            .expired = expired_ / std::max(1.0, taken_),
            .longest_of_short = longest_of_short_};
  }

 private:
  double Uniform() { return std::uniform_real_distribution<double>(0, 1)(random_); }

  int64_t NextTokens() {
    return Uniform() < load_.long_share ? 512 : 5 + static_cast<int64_t>(random_() % 45);
  }

  // Poisson arrivals.
  absl::Duration NextGap() {
    const double mean_tokens = load_.long_share * 512 + (1 - load_.long_share) * 27;
    const double mean_seconds = mean_tokens *
                                absl::ToDoubleSeconds(EngineTime(kLimits.max_batch_tokens)) /
                                static_cast<double>(kLimits.max_batch_tokens) / load_.of_peak;
    return absl::Seconds(std::exponential_distribution<double>(1 / mean_seconds)(random_));
  }

  // As Batcher::Submit.
  void Arrive(absl::Time now) {
    std::vector<QueuedText> texts(1);
    texts[0].input_ids.resize(static_cast<size_t>(NextTokens()));
    texts[0].deadline = now + load_.deadline;
    const EngineWork work = queue_.WorkUntilDone(texts);
    const bool at_once = queue_.empty() && !busy_;
    if (!at_once && !forecast_.InTime(work, texts[0].deadline, now)) return;
    taken_ += static_cast<double>(texts[0].tokens());
    ASSERT_TRUE(queue_.Push(&texts, now).ok());
  }

  // A batch, and what comes meanwhile.
  void Compute(absl::Time* arrival) {
    TextQueue::Popped popped = queue_.Pop(now_, forecast_.EndOfFullBatch(now_));
    for (const QueuedText& text : popped.expired) expired_ += static_cast<double>(text.tokens());
    if (popped.batch.empty()) return;
    busy_ = true;
    forecast_.BatchStarted(popped.tokens, now_);
    const absl::Time done =
        now_ + EngineTime(popped.tokens) * (1 + load_.noise * (2 * Uniform() - 1));
    for (; *arrival < done; *arrival += NextGap()) Arrive(*arrival);
    now_ = done;
    forecast_.BatchDone(popped.tokens, now_);
    busy_ = false;
    for (const QueuedText& text : popped.batch) {
      const bool in_time = text.deadline > now_;
      (in_time ? in_time_ : late_) += static_cast<double>(text.tokens());
      if (in_time && text.tokens() < 50) {
        longest_of_short_ = std::max(longest_of_short_, now_ - text.queued_at);
      }
    }
  }

  const Load load_;
  const absl::Time start_ = absl::FromUnixSeconds(1'000'000);
  std::mt19937 random_{1};
  absl::Time now_ = start_;
  TextQueue queue_{kLimits};
  Forecast forecast_{kLimits.max_batch_tokens};
  bool busy_ = false;
  double taken_ = 0;
  double in_time_ = 0;
  double late_ = 0;
  double expired_ = 0;
  absl::Duration longest_of_short_;
};

TEST(GoodputTest, OverloadLeavesTheEngineItsGoodput) {
  for (const double factor : {2, 5, 10}) {
    for (const double noise : {0.0, 0.1, 0.3}) {
      const Outcome outcome = Simulation({.of_peak = factor, .noise = noise}).Run();
      EXPECT_GE(outcome.goodput, 0.95) << factor << "x, noise " << noise;
      EXPECT_LE(outcome.wasted, 0.03) << factor << "x, noise " << noise;
      EXPECT_LE(outcome.expired, 0.1) << factor << "x, noise " << noise;
    }
  }
}

TEST(GoodputTest, LongTextsAmongShortOnesLeaveTheEngineItsGoodput) {
  for (const double share : {0.02, 0.1, 0.5}) {
    const Outcome outcome = Simulation({.of_peak = 5, .long_share = share}).Run();
    EXPECT_GE(outcome.goodput, 0.9) << share;
    EXPECT_LE(outcome.expired, 0.15) << share;
  }
}

TEST(GoodputTest, ShortDeadlinesLeaveTheEngineItsGoodput) {
  for (const int milliseconds : {500, 3000}) {
    const Outcome outcome =
        Simulation({.of_peak = 5, .deadline = absl::Milliseconds(milliseconds)}).Run();
    EXPECT_GE(outcome.goodput, 0.85) << milliseconds;
    EXPECT_LE(outcome.wasted, 0.05) << milliseconds;
  }
}

TEST(GoodputTest, NothingIsRefusedThatAQuietEngineCanDo) {
  const Outcome outcome = Simulation({.of_peak = 0.5}).Run();
  EXPECT_GE(outcome.goodput, 0.42);
  EXPECT_EQ(outcome.expired, 0);
  EXPECT_EQ(outcome.wasted, 0);
  EXPECT_LE(outcome.longest_of_short, absl::Seconds(1));
}

}  // namespace
}  // namespace verdict
