#include "engine/fake_engine.h"

#include <utility>

namespace verdict {

FakeEngine::FakeEngine(int labels, std::vector<TimedRun> warm_up)
    : info_{.precision = "f32",
            .isa = "none",
            .kernels = "none",
            .threads = 1,
            .parameters = 0,
            .warm_up = std::move(warm_up)},
      script_([labels](const Batch& batch) -> absl::StatusOr<Logits> {
        Logits logits{.values = std::vector<float>(static_cast<size_t>(batch.texts()) * labels),
                      .labels = labels};
        for (int i = 0; i < batch.texts(); ++i) {
          logits.values[static_cast<size_t>(i) * labels] =
              static_cast<float>(batch.offsets[i + 1] - batch.offsets[i]);
        }
        return logits;
      }) {}

absl::StatusOr<Logits> FakeEngine::Run(const Batch& batch) {
  Script script;
  {
    absl::MutexLock lock(&mutex_);
    batches_.push_back(batch);
    mutex_.Await(absl::Condition(
        +[](bool* held) { return !*held; }, &held_));
    script = script_;
  }
  return script(batch);
}

void FakeEngine::SetScript(Script script) {
  absl::MutexLock lock(&mutex_);
  script_ = std::move(script);
}

void FakeEngine::Hold() {
  absl::MutexLock lock(&mutex_);
  held_ = true;
}

void FakeEngine::Release() {
  absl::MutexLock lock(&mutex_);
  held_ = false;
}

void FakeEngine::AwaitRuns(size_t count) {
  absl::MutexLock lock(&mutex_);
  const auto reached = [this, count]()
                           ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return batches_.size() >= count; };
  mutex_.Await(absl::Condition(&reached));
}

std::vector<Batch> FakeEngine::batches() const {
  absl::MutexLock lock(&mutex_);
  return batches_;
}

}  // namespace verdict
