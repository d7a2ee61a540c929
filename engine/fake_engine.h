// The Engine of tests: answers from a script, remembers what it was asked, and can be held.
#ifndef VERDICT_ENGINE_FAKE_ENGINE_H_
#define VERDICT_ENGINE_FAKE_ENGINE_H_

#include <functional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "engine/engine.h"

namespace verdict {

// Safe for concurrent use, so that a test may hold it and look at it while a batcher runs it.
class FakeEngine : public Engine {
 public:
  // Computes the reply to a batch.
  using Script = std::function<absl::StatusOr<Logits>(const Batch&)>;

  // Without a script, every text's logits are {its number of tokens, 0, …}: a text can be told by
  // them.
  //
  // It says that it warmed up with `warm_up`.
  explicit FakeEngine(int labels = 2, std::vector<TimedRun> warm_up = {});

  absl::StatusOr<Logits> Run(const Batch& batch) override ABSL_LOCKS_EXCLUDED(mutex_);
  const EngineInfo& info() const override { return info_; }

  void SetScript(Script script) ABSL_LOCKS_EXCLUDED(mutex_);

  // While held, Run blocks after it has recorded its batch. A test that holds must release.
  void Hold() ABSL_LOCKS_EXCLUDED(mutex_);
  void Release() ABSL_LOCKS_EXCLUDED(mutex_);

  // Blocks until Run has been called `count` times in all.
  void AwaitRuns(size_t count) ABSL_LOCKS_EXCLUDED(mutex_);

  // All batches so far, in order.
  std::vector<Batch> batches() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const EngineInfo info_;

  mutable absl::Mutex mutex_;
  Script script_ ABSL_GUARDED_BY(mutex_);
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Batch> batches_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_FAKE_ENGINE_H_
