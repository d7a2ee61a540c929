// The architectures of the BERT family against transformers, on small random models; see the
// SOURCES.txt beside them. They are among the shared data, which not every machine has.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "tests/engine/models/loaded_engine.h"
#include "tests/fixtures/test_files.h"

namespace verdict {
namespace {

constexpr double kTolerance = 1e-4;
constexpr double kRoundedTolerance = 0.2;  // of logits up to 2, from random weights

// One input, and the reference's logits.
struct Case {
  TextIds text;
  std::vector<float> logits;
};

std::vector<Case> ReadCases(const std::string& path) {
  std::vector<Case> cases;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const nlohmann::json json = nlohmann::json::parse(line);
    const std::vector<int32_t> types = json["type_ids"];
    const auto second = std::find(types.begin(), types.end(), 1);
    Case one = {.text = {.ids = json["ids"]}, .logits = json["logits"]};
    if (second != types.end()) {
      one.text.first_segment = static_cast<int32_t>(second - types.begin());
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

double MaxError(const std::vector<float>& logits, const std::vector<float>& expected) {
  EXPECT_EQ(logits.size(), expected.size());
  double error = 0;
  for (size_t i = 0; i < std::min(logits.size(), expected.size()); ++i) {
    const double difference = double{logits[i]} - expected[i];
    EXPECT_FALSE(std::isnan(difference));
    error = std::max(error, std::abs(difference));
  }
  return error;
}

class FamiliesTest : public ::testing::TestWithParam<std::tuple<const char*, NamedBackend>> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(directory())) {
      GTEST_SKIP() << "no folder " << directory()
                   << "; set VERDICT_SHARED_DATA to the folder that has families/";
    }
    if (!Runs(backend())) {
      GTEST_SKIP() << "this CPU has no instructions for " << NameOf(backend());
    }
    cases_ = ReadCases(directory() + "/logits.jsonl");
    ASSERT_GT(cases_.size(), 20u);
  }

  std::string directory() const {
    return SharedData(std::string("families/tiny-") + std::get<0>(GetParam()));
  }
  NamedBackend backend() const { return std::get<1>(GetParam()); }

  std::vector<Case> cases_;
};

// Pairs, the padding's id within a text, and the longest text are among them.
TEST_P(FamiliesTest, LogitsAreTransformers) {
  const auto engine = LoadEngine(directory(), 2, backend());
  double error = 0;
  for (const Case& one : cases_) {
    error = std::max(error, MaxError(RunTexts(*engine, {one.text}), one.logits));
  }
  EXPECT_LT(error, backend().precision == Precision::kF32 ? kTolerance : kRoundedTolerance);
  std::cout << directory() << ": " << cases_.size() << " texts, largest error " << error << "\n";
}

TEST_P(FamiliesTest, ABatchMateNeverChangesABit) {
  const auto engine = LoadEngine(directory(), 2, backend());
  std::vector<std::vector<float>> alone;
  for (const Case& one : cases_) alone.push_back(RunTexts(*engine, {one.text}));
  std::minstd_rand random(3);
  std::vector<int> order(cases_.size());
  std::iota(order.begin(), order.end(), 0);
  for (int round = 0; round < 10; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    std::vector<TextIds> mates;
    std::vector<float> expected;
    for (const int i : order) {
      mates.push_back(cases_[i].text);
      expected.insert(expected.end(), alone[i].begin(), alone[i].end());
    }
    ASSERT_EQ(RunTexts(*engine, mates), expected) << "round " << round;
  }
}

TEST_P(FamiliesTest, TheNumberOfThreadsNeverChangesABit) {
  std::vector<TextIds> texts;
  for (const Case& one : cases_) texts.push_back(one.text);
  const std::vector<float> expected = RunTexts(*LoadEngine(directory(), 1, backend()), texts);
  EXPECT_EQ(RunTexts(*LoadEngine(directory(), 3, backend()), texts), expected);
}

INSTANTIATE_TEST_SUITE_P(Models, FamiliesTest,
                         ::testing::Combine(::testing::Values("bert", "roberta", "xlm-roberta",
                                                              "camembert", "electra",
                                                              "bert-gelu-new", "electra-gelu-new"),
                                            ::testing::ValuesIn(kEveryBackend)),
                         [](const auto& info) {
                           std::string name = std::get<0>(info.param);
                           std::erase(name, '-');
                           return name + "In" + NameOf(std::get<1>(info.param));
                         });

}  // namespace
}  // namespace verdict
