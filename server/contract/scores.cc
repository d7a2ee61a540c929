#include "server/contract/scores.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace verdict {
namespace {

// Shifted by the greatest logit, so that no exponential overflows and at least one is 1.
std::vector<float> Softmax(absl::Span<const float> logits) {
  std::vector<float> scores(logits.size());
  if (logits.empty()) return scores;
  const float greatest = *std::max_element(logits.begin(), logits.end());
  float sum = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    scores[i] = std::exp(logits[i] - greatest);
    sum += scores[i];
  }
  for (float& score : scores) score /= sum;
  return scores;
}

// exp(-x) is infinite for a very negative x, and 1 / infinity the right answer.
float Sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }

}  // namespace

Activation ModelActivation(const ModelConfig& config) {
  if (config.problem_type == ProblemType::kRegression) return Activation::kNone;
  const bool independent =
      config.problem_type == ProblemType::kMultiLabelClassification || config.labels.size() == 1;
  return independent ? Activation::kSigmoid : Activation::kSoftmax;
}

std::vector<float> Scores(absl::Span<const float> logits, Activation activation) {
  if (activation == Activation::kSoftmax) return Softmax(logits);
  std::vector<float> scores(logits.begin(), logits.end());
  if (activation == Activation::kSigmoid) {
    std::transform(scores.begin(), scores.end(), scores.begin(), Sigmoid);
  }
  return scores;
}

std::vector<size_t> BestFirst(absl::Span<const float> scores, size_t count) {
  std::vector<size_t> ranking(scores.size());
  std::iota(ranking.begin(), ranking.end(), size_t{0});
  count = std::min(count, ranking.size());
  std::partial_sort(ranking.begin(), ranking.begin() + static_cast<ptrdiff_t>(count), ranking.end(),
                    [&scores](size_t a, size_t b) {
                      return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
                    });
  ranking.resize(count);
  return ranking;
}

}  // namespace verdict
