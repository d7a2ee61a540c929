// When the engine will be done with what waits for it.
#ifndef VERDICT_SERVER_FORECAST_H_
#define VERDICT_SERVER_FORECAST_H_

#include <cstdint>

#include "absl/time/time.h"
#include "server/token_rate.h"

namespace verdict {

// Knows the batch in the engine, and the engine's rate from the batches before.
//
// Policy only: no locks, no clock. Not thread-safe.
class Forecast {
 public:
  explicit Forecast(int64_t full_batch_tokens) : rate_(full_batch_tokens) {}

  // The engine got a batch of `tokens`. REQUIRES: it is idle.
  void BatchStarted(int64_t tokens, absl::Time now);

  // It could take the next batch; `computed`: it did not fail, and its time tells something.
  void BatchDone(bool computed, absl::Time now);

  // How long the engine will take to get through its batch and then `work`; zero while its rate is
  // unknown.
  absl::Duration TimeUntilDone(EngineWork work, absl::Time now) const;

  // Whether what is done with the last of `work` is likely to reach a caller with `deadline` in
  // time.
  bool InTime(EngineWork work, absl::Time deadline, absl::Time now) const;

  // When a batch that starts now will be done, if it is a full one.
  absl::Time EndOfFullBatch(absl::Time now) const { return now + rate_.TimeForFullBatch(); }

  // When a caller who was refused while `waiting` waits should try again: when that will be done,
  // between 10 ms and 10 s.
  absl::Duration Pushback(EngineWork waiting, absl::Time now) const;

  double tokens_per_second() const { return rate_.tokens_per_second(); }

 private:
  TokenRate rate_;
  int64_t batch_tokens_ = 0;  // of the batch in the engine; 0: none
  absl::Time batch_start_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_FORECAST_H_
