#include "server/contract/scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace verdict {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::FloatNear;
using ::testing::IsEmpty;
using ::testing::Pointwise;

ModelConfig Config(ProblemType problem_type, size_t labels) {
  ModelConfig config;
  config.problem_type = problem_type;
  config.labels.resize(labels);
  return config;
}

// Every pair, as the reference's pipeline has it. It refuses single_label_classification with one
// label, as LoadModelConfig does: no softmax is over one label.
TEST(ActivationTest, TheProblemTypeAndTheNumberOfLabelsChoose) {
  struct Row {
    ProblemType problem_type;
    Activation of_one, of_more;
  };
  for (const Row& row : {
           Row{ProblemType::kUnspecified, Activation::kSigmoid, Activation::kSoftmax},
           Row{ProblemType::kRegression, Activation::kNone, Activation::kNone},
           Row{ProblemType::kSingleLabelClassification, Activation::kSigmoid, Activation::kSoftmax},
           Row{ProblemType::kMultiLabelClassification, Activation::kSigmoid, Activation::kSigmoid},
       }) {
    SCOPED_TRACE(std::string(ProblemTypeName(row.problem_type)));
    EXPECT_EQ(ModelActivation(Config(row.problem_type, 1)), row.of_one);
    EXPECT_EQ(ModelActivation(Config(row.problem_type, 2)), row.of_more);
    EXPECT_EQ(ModelActivation(Config(row.problem_type, 3)), row.of_more);
  }
}

TEST(ScoresTest, SoftmaxIsTheTextbooks) {
  // log(1), log(2), log(5): scores are proportional to 1, 2, 5.
  const std::vector<float> logits = {0, std::log(2.0F), std::log(5.0F)};
  EXPECT_THAT(Scores(logits, Activation::kSoftmax),
              ElementsAre(FloatEq(0.125), FloatEq(0.25), FloatEq(0.625)));
}

TEST(ScoresTest, SoftmaxSurvivesAnyFiniteLogits) {
  const float greatest = std::numeric_limits<float>::max();
  EXPECT_THAT(Scores({greatest, -greatest}, Activation::kSoftmax), ElementsAre(1.0F, 0.0F));
  EXPECT_THAT(Scores({-1000, -1000}, Activation::kSoftmax), ElementsAre(0.5F, 0.5F));
  EXPECT_THAT(Scores({1000, 999}, Activation::kSoftmax),
              Pointwise(FloatNear(1e-6), Scores({1, 0}, Activation::kSoftmax)));
}

TEST(ScoresTest, SoftmaxSumsToOneOverManyLabels) {
  std::vector<float> logits(1000);
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = 10 * std::sin(static_cast<float>(i));
  const std::vector<float> scores = Scores(logits, Activation::kSoftmax);
  EXPECT_NEAR(std::accumulate(scores.begin(), scores.end(), 0.0), 1.0, 1e-5);
}

TEST(ScoresTest, SigmoidIsTheTextbooks) {
  EXPECT_THAT(Scores({0, std::log(3.0F), -std::log(3.0F)}, Activation::kSigmoid),
              ElementsAre(0.5F, FloatEq(0.75), FloatEq(0.25)));
}

TEST(ScoresTest, SigmoidSurvivesAnyFiniteLogits) {
  const float greatest = std::numeric_limits<float>::max();
  EXPECT_THAT(Scores({greatest, -greatest}, Activation::kSigmoid), ElementsAre(1.0F, 0.0F));
}

TEST(ScoresTest, NoneLeavesTheLogits) {
  EXPECT_THAT(Scores({-3.5F, 12.25F}, Activation::kNone), ElementsAre(-3.5F, 12.25F));
}

TEST(BestFirstTest, RanksByScore) {
  EXPECT_THAT(BestFirst({0.1F, 0.7F, 0.2F}, 3), ElementsAre(1, 2, 0));
}

TEST(BestFirstTest, EqualScoresKeepTheOrderOfTheirIndices) {
  EXPECT_THAT(BestFirst({0.2F, 0.3F, 0.2F, 0.3F, 0.2F}, 5), ElementsAre(1, 3, 0, 2, 4));
  EXPECT_THAT(BestFirst({0.0F, -0.0F}, 2), ElementsAre(0, 1));
}

TEST(BestFirstTest, ReturnsAsManyAsAskedForAndThereAre) {
  EXPECT_THAT(BestFirst({0.1F, 0.7F, 0.2F}, 1), ElementsAre(1));
  EXPECT_THAT(BestFirst({0.1F, 0.7F, 0.2F}, 99), ElementsAre(1, 2, 0));
  EXPECT_THAT(BestFirst({0.1F}, 0), IsEmpty());
}

}  // namespace
}  // namespace verdict
