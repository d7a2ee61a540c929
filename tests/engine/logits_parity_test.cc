// Input ids and logits against transformers', on checkpoints that it saved; see
// tests/golden/make_checkpoints.py.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/files/json_file.h"
#include "engine/model.h"
#include "tests/engine/fixtures/every_backend.h"
#include "tests/fixtures/test_files.h"

namespace verdict {
namespace {

constexpr double kTolerance = 1e-4;
constexpr uint64_t kMaxExpectedBytes = 16 << 20;

// One text as the reference saw it.
struct Case {
  std::string text;
  std::optional<std::string> text_pair = std::nullopt;
  std::vector<int32_t> input_ids;
  int32_t first_segment = kOneSegment;
  std::vector<float> logits;
};

std::vector<Case> ReadCases(const std::string& directory) {
  const auto expected = ReadJsonFile(directory + "/expected.json", kMaxExpectedBytes);
  EXPECT_TRUE(expected.ok()) << expected.status();
  std::vector<Case> cases;
  for (const nlohmann::json& json : (*expected)["cases"]) {
    Case one = {.text = json["text"], .input_ids = json["input_ids"], .logits = json["logits"]};
    if (json.contains("text_pair")) one.text_pair = json["text_pair"];
    if (json.contains("token_type_ids")) {
      const std::vector<int> types = json["token_type_ids"];
      one.first_segment =
          static_cast<int32_t>(std::find(types.begin(), types.end(), 1) - types.begin());
    }
    cases.push_back(std::move(one));
  }
  EXPECT_FALSE(cases.empty());
  return cases;
}

Batch BatchOf(const std::vector<Case>& cases) {
  Batch batch;
  for (const Case& one : cases) batch.Append(one.input_ids, one.first_segment);
  return batch;
}

// The largest difference in `text`'s row.
double MaxError(const Logits& logits, int text, const Case& expected) {
  EXPECT_EQ(static_cast<size_t>(logits.labels), expected.logits.size());
  double error = 0;
  for (int label = 0; label < logits.labels; ++label) {
    const double difference = logits.row(text)[label] - expected.logits[label];
    EXPECT_FALSE(std::isnan(difference));
    error = std::max(error, std::abs(difference));
  }
  return error;
}

void CheckInputIds(const Model& model, const Case& expected) {
  const TextInput input = {.text = expected.text, .text_pair = expected.text_pair};
  const auto encoding =
      model.tokenizer.Encode(input, model.config.max_tokens(), Truncation::kRight);
  ASSERT_TRUE(encoding.ok()) << encoding.status();
  EXPECT_EQ(encoding->input_ids, expected.input_ids);
  EXPECT_EQ(encoding->before_pair.has_value(), expected.text_pair.has_value());
  if (expected.first_segment != kOneSegment) {
    EXPECT_EQ(encoding->before_pair, static_cast<size_t>(expected.first_segment));
  }
}

double MaxErrorOfSingles(Engine& engine, const std::vector<Case>& cases) {
  double error = 0;
  for (const Case& one : cases) {
    const auto logits = engine.Run(BatchOf({one}));
    EXPECT_TRUE(logits.ok()) << logits.status();
    if (logits.ok()) error = std::max(error, MaxError(*logits, 0, one));
  }
  return error;
}

double MaxErrorOfOneBatch(Engine& engine, const std::vector<Case>& cases) {
  const auto logits = engine.Run(BatchOf(cases));
  EXPECT_TRUE(logits.ok()) << logits.status();
  double error = 0;
  for (size_t i = 0; i < cases.size() && logits.ok(); ++i) {
    error = std::max(error, MaxError(*logits, static_cast<int>(i), cases[i]));
  }
  return error;
}

void CheckParity(const std::string& directory, std::string_view kernels) {
  SCOPED_TRACE(directory + " by " + std::string(kernels));
  const std::vector<Case> cases = ReadCases(directory);
  const auto model = LoadModel(
      directory,
      {.threads = 2, .max_batch_tokens = BatchOf(cases).tokens(), .kernels = std::string(kernels)});
  ASSERT_TRUE(model.ok()) << model.status();
  for (const Case& one : cases) CheckInputIds(*model, one);
  const double of_singles = MaxErrorOfSingles(*model->engine, cases);
  const double of_batch = MaxErrorOfOneBatch(*model->engine, cases);
  EXPECT_LT(of_singles, kTolerance);
  EXPECT_LT(of_batch, kTolerance);
  std::cout << directory << " by " << model->engine->info().kernels << ": " << cases.size()
            << " texts, largest error " << of_singles << " alone, " << of_batch
            << " in one batch\n";
}

// By each of the kernels that this CPU has for float32.
void CheckParity(const std::string& directory) {
  for (const NamedBackend& backend : kEveryBackend) {
    if (backend.precision == Precision::kF32 && Runs(backend)) {
      CheckParity(directory, backend.name);
    }
  }
}

// Model directories under `root`, in name order.
std::vector<std::string> CheckpointsUnder(const std::string& root) {
  std::vector<std::string> directories;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    if (entry.is_directory()) directories.push_back(entry.path().string());
  }
  std::sort(directories.begin(), directories.end());
  return directories;
}

TEST(LogitsParity, HoldsOnEveryCommittedCheckpoint) {
  const std::vector<std::string> directories =
      CheckpointsUnder(SourceFile("tests/golden/checkpoints"));
  EXPECT_EQ(directories.size(), 25u);
  for (const std::string& directory : directories) CheckParity(directory);
}

TEST(LogitsParity, HoldsOnFullSizeCheckpoints) {
  const char* const root = std::getenv("VERDICT_FULL_CHECKPOINTS");
  if (root == nullptr) {
    GTEST_SKIP() << "VERDICT_FULL_CHECKPOINTS does not name a folder that "
                    "tests/golden/make_checkpoints.py --full has filled";
  }
  const std::vector<std::string> directories = CheckpointsUnder(root);
  EXPECT_FALSE(directories.empty()) << root;
  for (const std::string& directory : directories) CheckParity(directory);
}

}  // namespace
}  // namespace verdict
