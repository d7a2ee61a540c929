// When the engine will be done with what waits for it.
#ifndef VERDICT_SERVER_BATCHING_FORECAST_H_
#define VERDICT_SERVER_BATCHING_FORECAST_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "server/batching/token_rate.h"

namespace verdict {

// Knows the batch in the engine, and the engine's rate from the warm-up and the batches before.
//
// Policy only: no locks, no clock. Not thread-safe.
class Forecast {
 public:
  explicit Forecast(int64_t full_batch_tokens) : rate_(full_batch_tokens) {}

  // Called before the first batch: in the warm-up a batch of `tokens` took `time`.
  void Know(int64_t tokens, absl::Duration time) { rate_.Know(tokens, time); }

  // The engine got a batch of `tokens`. REQUIRES: it is idle.
  void BatchStarted(int64_t tokens, absl::Time now);

  // The engine has computed it, and its texts are being answered.
  void BatchComputed() { computing_ = false; }

  // The engine could take the next batch. Of this one it computed `computed` tokens, fewer than
  // there were if texts were equal; 0 if it failed, and its time tells nothing.
  void BatchDone(int64_t computed, absl::Time now);

  // Whether a batch is computed.
  bool computing() const { return computing_; }

  // How long the engine will take to get through its batch and then `work`; zero while its rate is
  // unknown.
  absl::Duration TimeUntilDone(EngineWork work, absl::Time now) const;

  // Whether a text that is done with the last of `work` will probably be answered before
  // `deadline`.
  bool InTime(EngineWork work, absl::Time deadline, absl::Time now) const;

  // When a batch that starts now will be done, if it is a full one.
  absl::Time EndOfFullBatch(absl::Time now) const { return now + rate_.TimeForFullBatch(); }

  // After how long a refused caller should try again, at least 10 ms. For room: when `work`, which
  // takes up the room, is done.
  absl::Duration RetryForRoom(EngineWork work, absl::Time now) const;

  // For time, with `timeout` to the deadline: when so much of `work` is done that the same request
  // would be InTime. Nothing if `own`, the part of `work` that it brings, takes longer than that.
  std::optional<absl::Duration> RetryForTime(EngineWork work, EngineWork own,
                                             absl::Duration timeout, absl::Time now) const;

  double tokens_per_second() const { return rate_.tokens_per_second(); }

 private:
  TokenRate rate_;
  int64_t batch_tokens_ = 0;  // of the batch in the engine; 0: none
  bool computing_ = false;
  absl::Time batch_start_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_BATCHING_FORECAST_H_
