// Whose turn it is, by fair parts of the engine's time.
#ifndef VERDICT_SERVER_BATCHING_FAIR_TURNS_H_
#define VERDICT_SERVER_BATCHING_FAIR_TURNS_H_

#include <algorithm>
#include <array>
#include <cstdint>

#include "server/metrics/named_caller.h"

namespace verdict {

// Stride scheduling (Waldspurger and Weihl, 1995): each caller has a pass, which its tokens advance
// by their number over its weight, and whoever has the least is next. So callers who always have
// something waiting get tokens by their weights, whatever each of them brings. One who takes less
// than its part may be some behind: what it brings at once then goes first.
//
// Not synchronized.
class FairTurns {
 public:
  // A caller of weight 1 can be so many tokens behind, others by their weight.
  explicit FairTurns(double credit) : credit_(credit) {}

  // The caller has something waiting again. What it let pass meanwhile is gone, but for its credit.
  void Join(const NamedCaller& caller) { passes_[caller.index()] = PassNow(caller); }

  // Tokens of the caller, whose turn it was, go to the engine.
  void Charge(const NamedCaller& caller, int64_t tokens) {
    double& pass = passes_[caller.index()];
    now_ = std::max(now_, pass);
    pass += static_cast<double>(tokens) / caller.weight();
  }

  // Of one who has something waiting.
  double pass(const NamedCaller& caller) const { return passes_[caller.index()]; }

  // The tokens that `other` can have before `caller` has had so many from now on.
  double Before(const NamedCaller& caller, int64_t tokens, const NamedCaller& other) const {
    const double end = PassNow(caller) + static_cast<double>(tokens) / caller.weight();
    return std::max(0.0, end - PassNow(other)) * other.weight();
  }

 private:
  double PassNow(const NamedCaller& caller) const {
    return std::max(passes_[caller.index()], now_ - credit_);
  }

  const double credit_;
  std::array<double, kMostCallers> passes_ = {};
  double now_ = 0;  // the pass of whoever had the latest turn
};

}  // namespace verdict

#endif  // VERDICT_SERVER_BATCHING_FAIR_TURNS_H_
