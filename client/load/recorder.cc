#include "client/load/recorder.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace verdict {
namespace {

LatencyHistogram& Histogram(std::unique_ptr<LatencyHistogram>* histogram) {
  if (*histogram == nullptr) *histogram = std::make_unique<LatencyHistogram>();
  return **histogram;
}

}  // namespace

void MethodTally::Add(const MethodTally& other) {
  started += other.started;
  for (size_t i = 0; i < kStatusCodes; ++i) {
    codes[i] += other.codes[i];
    if (other.latency[i] != nullptr) Histogram(&latency[i]).Add(*other.latency[i]);
  }
}

uint64_t MethodTally::finished() const {
  return std::accumulate(codes.begin(), codes.end(), uint64_t{0});
}

void LoadTally::Add(const LoadTally& other) {
  for (size_t i = 0; i < kLoadMethods; ++i) methods[i].Add(other.methods[i]);
  texts_ok += other.texts_ok;
  good_texts += other.good_texts;
  ok_after_deadline += other.ok_after_deadline;
  wrong_replies += other.wrong_replies;
}

MethodTally LoadTally::Calls() const {
  MethodTally calls;
  for (size_t i = 0; i < kLoadMethods; ++i) {
    if (static_cast<LoadMethod>(i) != LoadMethod::kMessage) calls.Add(methods[i]);
  }
  return calls;
}

MethodTally LoadTally::Requests() const {
  MethodTally requests;
  for (size_t i = 0; i < kLoadMethods; ++i) {
    if (static_cast<LoadMethod>(i) != LoadMethod::kClassifyStream) requests.Add(methods[i]);
  }
  return requests;
}

LoadRecorder::LoadRecorder(std::vector<absl::Duration> stage_ends)
    : stage_ends_(std::move(stage_ends)), stages_(stage_ends_.size()) {}

void LoadRecorder::Started(LoadMethod method, size_t stage, absl::Duration intended) {
  ++stages_[stage].methods[static_cast<size_t>(method)].started;
  if (method != LoadMethod::kClassifyStream) ++SecondOf(intended).started;
}

void LoadRecorder::Ended(const LoadOutcome& outcome) {
  LoadTally& stage = stages_[outcome.stage];
  MethodTally& method = stage.methods[static_cast<size_t>(outcome.method)];
  // A server may send any number; gRPC lets it through.
  const auto number = static_cast<size_t>(outcome.code);
  const size_t code =
      number < kStatusCodes ? number : static_cast<size_t>(absl::StatusCode::kUnknown);
  ++method.codes[code];
  stage.wrong_replies += outcome.wrong ? 1 : 0;
  if (outcome.method == LoadMethod::kClassifyStream) return;

  const absl::Duration latency = outcome.ended - outcome.intended;
  Histogram(&method.latency[code]).Observe(latency);
  LoadSecond& second = SecondOf(outcome.intended);
  if (outcome.code != absl::StatusCode::kOk) {
    ++second.failed;
    return;
  }
  ++second.ok;
  second.latency.Observe(latency);
  stage.texts_ok += outcome.texts_ok;
  if (latency > outcome.timeout) {
    ++stage.ok_after_deadline;
  } else {
    CountGood(outcome);
  }
}

void LoadRecorder::CutShort(absl::Duration end) {
  for (absl::Duration& stage_end : stage_ends_) stage_end = std::min(stage_end, end);
}

absl::Duration LoadRecorder::StageDuration(size_t index) const {
  return stage_ends_[index] - (index == 0 ? absl::ZeroDuration() : stage_ends_[index - 1]);
}

LoadTally LoadRecorder::Total() const {
  LoadTally total;
  for (const LoadTally& stage : stages_) total.Add(stage);
  return total;
}

LoadSecond& LoadRecorder::SecondOf(absl::Duration time) {
  const auto second = static_cast<size_t>(std::max<int64_t>(0, absl::ToInt64Seconds(time)));
  if (second >= seconds_.size()) seconds_.resize(second + 1);
  return seconds_[second];
}

void LoadRecorder::CountGood(const LoadOutcome& outcome) {
  const auto stage = std::upper_bound(stage_ends_.begin(), stage_ends_.end(), outcome.ended);
  if (stage == stage_ends_.end()) return;
  stages_[stage - stage_ends_.begin()].good_texts += outcome.texts_ok;
  SecondOf(outcome.ended).good_texts += outcome.texts_ok;
}

}  // namespace verdict
