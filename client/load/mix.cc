#include "client/load/mix.h"

#include <cmath>
#include <numeric>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "environment/choices.h"

namespace verdict {
namespace {

const Choices<CallKind> kKinds = {{"classify", CallKind::kClassify},
                                  {"batch", CallKind::kBatch},
                                  {"stream", CallKind::kStream},
                                  {"tokenize", CallKind::kTokenize},
                                  {"info", CallKind::kInfo}};

}  // namespace

absl::StatusOr<MixWeights> ParseMix(absl::string_view text) {
  MixWeights weights = {};
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    const std::pair<absl::string_view, absl::string_view> fields =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    const CallKind* const kind = kKinds.Find(fields.first);
    double weight = 0;
    if (kind == nullptr || !absl::SimpleAtod(fields.second, &weight) || !std::isfinite(weight) ||
        weight < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected weights of classify, batch, stream, tokenize and info, such as "
                       "classify=90,batch=10, found ",
                       part));
    }
    weights[static_cast<size_t>(*kind)] = weight;
  }
  if (std::accumulate(weights.begin(), weights.end(), 0.0) == 0) {
    return absl::InvalidArgumentError("all weights are 0");
  }
  return weights;
}

LoadMix::LoadMix(const LoadMixOptions& options)
    : options_(options),
      total_weight_(std::accumulate(options.weights.begin(), options.weights.end(), 0.0)),
      random_(options.seed) {}

PlannedCall LoadMix::Next() {
  // Always as many numbers for a call: with more bad ones the kinds of the others stay the same.
  const bool bad = random_.Uniform() * 100 < options_.bad_percent;
  const bool cancelled = random_.Uniform() * 100 < options_.cancel_percent;
  const CallKind kind = NextKind();
  if (bad) {
    const size_t fault = next_fault_++ % (kFaults - 1) + 1;
    return {.kind = CallKind::kClassify, .fault = static_cast<Fault>(fault)};
  }
  PlannedCall call = {
      .kind = kind, .cancelled = cancelled && kind != CallKind::kStream, .text = next_text_};
  const size_t texts = kind == CallKind::kInfo    ? 0
                       : kind == CallKind::kBatch ? options_.batch_size
                                                  : 1;
  next_text_ = (next_text_ + texts) % options_.texts;
  return call;
}

CallKind LoadMix::NextKind() {
  double left = random_.Uniform() * total_weight_;
  size_t kind = 0;  // the last one with a weight: rounding may leave a hair beyond it
  for (size_t i = 0; i < kCallKinds; ++i) {
    if (options_.weights[i] == 0) continue;
    kind = i;
    if (left < options_.weights[i]) break;
    left -= options_.weights[i];
  }
  return static_cast<CallKind>(kind);
}

}  // namespace verdict
