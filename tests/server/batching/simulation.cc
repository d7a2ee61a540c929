#include "tests/server/batching/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace verdict {
namespace {

constexpr TextQueue::Limits kLimits;

// A full-size model on two cores: 6 ms for a batch and 0.28 ms for a token.
absl::Duration EngineTime(int64_t tokens) {
  return absl::Milliseconds(6) + absl::Microseconds(280) * tokens;
}

}  // namespace

Simulation::Simulation(const std::vector<Source>& sources, double noise)
    : noise_(noise), queue_(kLimits), forecast_(kLimits.max_batch_tokens) {
  for (const Source& source : sources) states_.push_back({.source = source, .arrival = start_});
}

std::vector<Outcome> Simulation::Run() {
  const absl::Time end = start_ + absl::Minutes(1);
  while (now_ < end && (Next().arrival < end || !queue_.empty())) {
    while (Next().arrival <= now_ || (queue_.empty() && Next().arrival < end)) {
      now_ = std::max(now_, Next().arrival);
      Arrive(&Next());
      if (!busy_) Compute();
    }
    Compute();
  }
  const double possible = absl::ToDoubleSeconds(now_ - start_) *
                          static_cast<double>(kLimits.max_batch_tokens) /
                          absl::ToDoubleSeconds(EngineTime(kLimits.max_batch_tokens));
  std::vector<Outcome> outcomes;
  for (const State& state : states_) {
    outcomes.push_back({.goodput = state.in_time / possible,
                        .answered = state.in_time / std::max(1.0, state.came),
                        .wasted = state.late / possible,
                        .expired = state.expired / std::max(1.0, state.taken),
                        .longest_of_short = state.longest_of_short});
  }
  return outcomes;
}

int64_t Simulation::NextTokens(const Source& source) {
  return Uniform() < source.long_share ? 512 : 5 + static_cast<int64_t>(random_() % 45);
}

absl::Duration Simulation::NextGap(const Source& source) {
  const double mean_tokens = source.long_share * 512 + (1 - source.long_share) * 27;
  const double mean_seconds = mean_tokens *
                              absl::ToDoubleSeconds(EngineTime(kLimits.max_batch_tokens)) /
                              static_cast<double>(kLimits.max_batch_tokens) / source.of_peak;
  return absl::Seconds(std::exponential_distribution<double>(1 / mean_seconds)(random_));
}

// Whose text comes next.
Simulation::State& Simulation::Next() {
  return *std::min_element(states_.begin(), states_.end(),
                           [](const State& a, const State& b) { return a.arrival < b.arrival; });
}

// As Batcher::Submit.
void Simulation::Arrive(State* state) {
  const absl::Time now = state->arrival;
  const Source& source = state->source;
  std::vector<QueuedText> texts(1);
  // Its first token tells whose it is.
  texts[0].input_ids.assign(static_cast<size_t>(NextTokens(source)),
                            static_cast<int32_t>(state - states_.data()));
  texts[0].deadline = now + source.deadline;
  texts[0].caller = source.caller;
  state->arrival += NextGap(source);
  const auto tokens = static_cast<double>(texts[0].tokens());
  state->came += tokens;
  const EngineWork work = queue_.WorkUntilDone(texts);
  const bool at_once = queue_.empty() && !busy_;
  if (!at_once && !forecast_.InTime(work, texts[0].deadline, now)) return;
  if (queue_.Push(&texts, now).ok()) state->taken += tokens;
}

// A batch, and what comes meanwhile.
void Simulation::Compute() {
  TextQueue::Popped popped = queue_.Pop(now_, forecast_.EndOfFullBatch(now_));
  for (const QueuedText& text : popped.expired) {
    StateOf(text).expired += static_cast<double>(text.tokens());
  }
  if (popped.batch.empty()) return;
  busy_ = true;
  forecast_.BatchStarted(popped.tokens, now_);
  const absl::Time done = now_ + EngineTime(popped.tokens) * (1 + noise_ * (2 * Uniform() - 1));
  while (Next().arrival < done) Arrive(&Next());
  now_ = done;
  forecast_.BatchDone(popped.tokens, now_);
  busy_ = false;
  for (const QueuedText& text : popped.batch) {
    State& state = StateOf(text);
    const bool in_time = text.deadline > now_;
    (in_time ? state.in_time : state.late) += static_cast<double>(text.tokens());
    if (in_time && text.tokens() < 50) {
      state.longest_of_short = std::max(state.longest_of_short, now_ - text.queued_at);
    }
  }
}

Simulation::State& Simulation::StateOf(const QueuedText& text) {
  return states_[static_cast<size_t>(text.input_ids.front())];
}

}  // namespace verdict
