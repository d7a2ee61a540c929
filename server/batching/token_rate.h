// The engine's measured speed.
#ifndef VERDICT_SERVER_BATCHING_TOKEN_RATE_H_
#define VERDICT_SERVER_BATCHING_TOKEN_RATE_H_

#include <cstdint>

#include "absl/time/time.h"

namespace verdict {

// Work for the engine, as far as its time depends on it.
struct EngineWork {
  int64_t tokens = 0;
  int64_t batches = 0;
};

// Measures the engine, and tells how long work will take. A batch takes a time of its own (weights
// come from memory whatever its size) and a time for each token. Both are fitted to the batches
// seen: the rate of small batches alone, a quarter of that of full ones, would make a quiet server
// refuse work that it has all the time for.
//
// What was known at the start, the warm-up's times, is never forgotten: where only one size has
// come for long, it decides how the time is shared between batch and tokens. Of batches larger than
// the largest known it says only that they take at least as long as that one.
//
// A batch counts for as much as it has tokens, and half as much once two full ones have followed.
// So it follows a machine that slows down within a few batches, and small ones do not outvote those
// that matter under load.
//
// Policy only: no locks, no clock. Not thread-safe.
class TokenRate {
 public:
  // A full batch has `full_batch_tokens`, at least 1.
  explicit TokenRate(int64_t full_batch_tokens) : full_batch_tokens_(full_batch_tokens) {}

  // Before anything is observed: a batch of `tokens` takes `time`.
  void Know(int64_t tokens, absl::Duration time);

  // A batch of `tokens` kept the engine from the next for `busy`. Durations that are not positive
  // (a clock was set) are left out.
  void Observe(int64_t tokens, absl::Duration busy);

  // Whether nothing is known and nothing was observed. Then TimeFor is zero, so that no text is
  // refused for time.
  bool unknown() const { return largest_ == 0; }

  // How long the engine takes for `work`, in batches of equal size.
  absl::Duration TimeFor(EngineWork work) const;

  absl::Duration TimeForFullBatch() const { return TimeFor({full_batch_tokens_, 1}); }

  // Of full batches; 0 while it is unknown.
  double tokens_per_second() const;

 private:
  // Sums over batches, each with its weight: of 1, tokens, seconds, and their products.
  struct Sums {
    double weight = 0;
    double tokens = 0;
    double seconds = 0;
    double tokens_squared = 0;
    double tokens_seconds = 0;

    void Scale(double by);
    void Add(double batch_tokens, double batch_seconds, double batch_weight);
    void Add(const Sums& other);
  };

  void Fit();

  const int64_t full_batch_tokens_;
  Sums known_;          // each with the weight 1
  Sums observed_;       // each with its tokens as its weight, if it is the latest
  double largest_ = 0;  // tokens of the largest batch known or observed
  // What they come to.
  double seconds_per_batch_ = 0;
  double seconds_per_token_ = 0;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_BATCHING_TOKEN_RATE_H_
