#include "server/token_rate.h"

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

// A machine that stood still for a moment is no slow engine: a batch counts as at most so many
// times slower than expected. If it is a slow engine after all, two or three batches tell.
constexpr double kMostSlowdown = 4;

}  // namespace

void TokenRate::Observe(int64_t tokens, absl::Duration busy) {
  if (tokens <= 0 || busy <= absl::ZeroDuration()) return;
  const auto x = static_cast<double>(tokens);
  double y = absl::ToDoubleSeconds(busy);
  if (!unknown()) y = std::min(y, kMostSlowdown * absl::ToDoubleSeconds(TimeFor({tokens, 1})));
  const double kept = std::exp2(-x / (kHalfLife * static_cast<double>(full_batch_tokens_)));
  weight_ = weight_ * kept + x;
  tokens_ = tokens_ * kept + x * x;
  seconds_ = seconds_ * kept + x * y;
  tokens_squared_ = tokens_squared_ * kept + x * x * x;
  tokens_seconds_ = tokens_seconds_ * kept + x * x * y;
  Fit();
}

// Weighted least squares of seconds = per_batch + per_token * tokens, with kRidge * per_batch^2
// added to what is made least.
void TokenRate::Fit() {
  const double x = tokens_ / weight_;
  const double y = seconds_ / weight_;
  const double xx = tokens_squared_ / weight_;
  const double xy = tokens_seconds_ / weight_;
  seconds_per_token_ = ((1 + kRidge) * xy - x * y) / ((1 + kRidge) * xx - x * x);
  seconds_per_batch_ = (y - seconds_per_token_ * x) / (1 + kRidge);
  if (seconds_per_token_ >= 0 && seconds_per_batch_ >= 0) return;
  // No engine is like that: noise. A line through the origin cannot be led so far astray.
  seconds_per_token_ = y / x;
  seconds_per_batch_ = 0;
}

absl::Duration TokenRate::TimeFor(EngineWork work) const {
  return absl::Seconds(seconds_per_batch_ * static_cast<double>(work.batches) +
                       seconds_per_token_ * static_cast<double>(work.tokens));
}

double TokenRate::tokens_per_second() const {
  if (unknown()) return 0;
  return static_cast<double>(full_batch_tokens_) / absl::ToDoubleSeconds(TimeForFullBatch());
}

}  // namespace verdict
