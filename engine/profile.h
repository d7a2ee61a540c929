// Where a forward pass spends its time, step by step.
#ifndef VERDICT_ENGINE_PROFILE_H_
#define VERDICT_ENGINE_PROFILE_H_

#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

namespace verdict {

// Sums the wall time of named steps, in the order in which they first occur. Used from one thread.
class Profile {
 public:
  // A name lives as long as the profile: a literal.
  using Steps = std::vector<std::pair<std::string_view, std::chrono::nanoseconds>>;

  // Adds the time since the last call, or since Start, to `step`.
  void Add(std::string_view step) {
    const auto now = Clock::now();
    SumOf(step) += now - last_;
    last_ = now;
  }
  void Start() { last_ = Clock::now(); }

  const Steps& steps() const { return steps_; }

 private:
  using Clock = std::chrono::steady_clock;

  std::chrono::nanoseconds& SumOf(std::string_view step) {
    for (auto& [name, sum] : steps_) {
      if (name == step) return sum;
    }
    return steps_.emplace_back(step, 0).second;
  }

  Clock::time_point last_;
  Steps steps_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_PROFILE_H_
