#include "server/batching/token_rate.h"

#include <algorithm>
#include <cmath>

namespace verdict {
namespace {

// Full batches after which one counts for half.
constexpr double kHalfLife = 2;

// How much the fit prefers a batch's own time to be zero. Under load all batches are full, and a
// few percent of noise would decide how their time is shared between batch and tokens; this makes
// it the tokens' then, and hardly matters where sizes differ.
constexpr double kRidge = 0.05;

// What each size that was known at the start counts, as a part of all that was observed. It matters
// where nothing else tells sizes apart, and else hardly, even if the machine has become slower.
constexpr double kKnownWeight = 0.01;

// A machine that stood still for a moment is no slow engine: a batch counts as at most so many
// times slower than expected. If it is a slow engine after all, two or three batches tell.
constexpr double kMostSlowdown = 4;

}  // namespace

void TokenRate::Sums::Scale(double by) {
  weight *= by;
  tokens *= by;
  seconds *= by;
  tokens_squared *= by;
  tokens_seconds *= by;
}

void TokenRate::Sums::Add(double batch_tokens, double batch_seconds, double batch_weight) {
  weight += batch_weight;
  tokens += batch_weight * batch_tokens;
  seconds += batch_weight * batch_seconds;
  tokens_squared += batch_weight * batch_tokens * batch_tokens;
  tokens_seconds += batch_weight * batch_tokens * batch_seconds;
}

void TokenRate::Sums::Add(const Sums& other) {
  weight += other.weight;
  tokens += other.tokens;
  seconds += other.seconds;
  tokens_squared += other.tokens_squared;
  tokens_seconds += other.tokens_seconds;
}

void TokenRate::Know(int64_t tokens, absl::Duration time) {
  if (tokens <= 0 || time <= absl::ZeroDuration()) return;
  known_.Add(static_cast<double>(tokens), absl::ToDoubleSeconds(time), 1);
  largest_ = std::max(largest_, static_cast<double>(tokens));
  Fit();
}

void TokenRate::Observe(int64_t tokens, absl::Duration busy) {
  if (tokens <= 0 || busy <= absl::ZeroDuration()) return;
  const auto x = static_cast<double>(tokens);
  double y = absl::ToDoubleSeconds(busy);
  if (!unknown()) {
    const double expected = absl::ToDoubleSeconds(TimeFor({tokens, 1}));
    y = std::min(y, kMostSlowdown * expected * std::max(1.0, x / largest_));
  }
  observed_.Scale(std::exp2(-x / (kHalfLife * static_cast<double>(full_batch_tokens_))));
  observed_.Add(x, y, x);
  largest_ = std::max(largest_, x);
  Fit();
}

// Weighted least squares of seconds = per_batch + per_token * tokens, with kRidge * per_batch^2
// added to what is made least.
void TokenRate::Fit() {
  Sums sums = known_;
  if (observed_.weight > 0) {
    sums.Scale(kKnownWeight * observed_.weight);
    sums.Add(observed_);
  }
  const double x = sums.tokens / sums.weight;
  const double y = sums.seconds / sums.weight;
  const double xx = sums.tokens_squared / sums.weight;
  const double xy = sums.tokens_seconds / sums.weight;
  seconds_per_token_ = ((1 + kRidge) * xy - x * y) / ((1 + kRidge) * xx - x * x);
  seconds_per_batch_ = (y - seconds_per_token_ * x) / (1 + kRidge);
  if (seconds_per_token_ >= 0 && seconds_per_batch_ >= 0) return;
  // No engine is like that: noise. A line through the origin cannot be led so far astray.
  seconds_per_token_ = y / x;
  seconds_per_batch_ = 0;
}

absl::Duration TokenRate::TimeFor(EngineWork work) const {
  const auto batches = static_cast<double>(work.batches);
  const double tokens = std::min(static_cast<double>(work.tokens), largest_ * batches);
  return absl::Seconds(seconds_per_batch_ * batches + seconds_per_token_ * tokens);
}

double TokenRate::tokens_per_second() const {
  if (unknown()) return 0;
  return static_cast<double>(full_batch_tokens_) / absl::ToDoubleSeconds(TimeForFullBatch());
}

}  // namespace verdict
