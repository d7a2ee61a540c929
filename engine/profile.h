// Where a forward pass spends its time, step by step.
#ifndef VERDICT_ENGINE_PROFILE_H_
#define VERDICT_ENGINE_PROFILE_H_

#include <chrono>
#include <string_view>
#include <vector>

namespace verdict {

// Sums the wall time of named steps, in the order in which they first occur. Used from one thread.
class Profile {
 public:
  struct Step {
    std::string_view name;  // lives as long as the profile: a literal
    std::chrono::nanoseconds time{0};
    // What of it matrix products took alone, without what is done to their results: of all threads
    // the mean.
    std::chrono::nanoseconds products{0};
  };
  using Steps = std::vector<Step>;

  // Adds the time since the last call, or since Start, to step `name`.
  void Add(std::string_view name, std::chrono::nanoseconds products) {
    const auto now = Clock::now();
    Step& step = StepOf(name);
    step.time += now - last_;
    step.products += products;
    last_ = now;
  }
  void Start() { last_ = Clock::now(); }

  const Steps& steps() const { return steps_; }

 private:
  using Clock = std::chrono::steady_clock;

  Step& StepOf(std::string_view name) {
    for (Step& step : steps_) {
      if (step.name == name) return step;
    }
    return steps_.emplace_back(Step{.name = name});
  }

  Clock::time_point last_;
  Steps steps_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_PROFILE_H_
