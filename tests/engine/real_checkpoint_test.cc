// What is published of distilbert-base-uncased-finetuned-sst-2-english: input ids, which need only
// its vocabulary, and logits and scores, which need a folder with its 268 MB of weights.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/files/json_file.h"
#include "engine/model.h"
#include "engine/tokenizer/files/tokenizer_files.h"
#include "tests/fixtures/test_files.h"

namespace verdict {
namespace {

using Json = nlohmann::json;

// The published numbers are the reference's; ours may differ by this, and by their own rounding.
constexpr double kTolerance = 1e-4;
constexpr int kMaxTokens = 512;

class RealCheckpointTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string path = SharedData("golden_logits_real_checkpoint.json");
    if (!std::filesystem::exists(path)) {
      GTEST_SKIP() << "no file " << path << "; set VERDICT_SHARED_DATA to the folder that has it";
    }
    const auto published = ReadJsonFile(path, 1 << 20);
    ASSERT_TRUE(published.ok()) << published.status();
    published_ = *published;
  }

  Json published_;
};

// With the weights.
class RealWeightsTest : public RealCheckpointTest {
 protected:
  void SetUp() override {
    const char* const directory = std::getenv("VERDICT_REAL_CHECKPOINT");
    if (directory == nullptr) {
      GTEST_SKIP() << "VERDICT_REAL_CHECKPOINT does not name a folder with "
                      "distilbert-base-uncased-finetuned-sst-2-english";
    }
    RealCheckpointTest::SetUp();
    auto model = LoadModel(directory, EngineOptions{.threads = 2, .max_batch_tokens = kMaxTokens});
    ASSERT_TRUE(model.ok()) << model.status();
    model_.emplace(*std::move(model));
  }

  std::vector<float> LogitsOf(const std::vector<int32_t>& input_ids) {
    Batch batch;
    batch.Append(input_ids);
    const auto logits = model_->engine->Run(batch);
    EXPECT_TRUE(logits.ok()) << logits.status();
    return logits.ok() ? logits->values : std::vector<float>(2, NAN);
  }

  std::optional<Model> model_;
};

// Where a row has a mask, what it hides is not there: we have no padding.
std::vector<int32_t> VisibleIds(const Json& row) {
  std::vector<int32_t> ids = row["input_ids"];
  if (!row.contains("attention_mask")) return ids;
  std::vector<int32_t> visible;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (row["attention_mask"][i] == 1) visible.push_back(ids[i]);
  }
  return visible;
}

TEST_F(RealCheckpointTest, PublishedTextsHaveThePublishedInputIds) {
  const auto tokenizer = LoadTokenizer(SharedData("tokenizer"));
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  int texts = 0;
  for (const Json& row : published_["logits"]) {
    if (row["text"].is_null()) continue;
    const std::string text = row["text"];
    const auto encoding =
        tokenizer->Encode({.text = text, .text_pair = {}}, kMaxTokens, Truncation::kError);
    ASSERT_TRUE(encoding.ok()) << encoding.status();
    EXPECT_EQ(encoding->input_ids, row["input_ids"].get<std::vector<int32_t>>()) << text;
    ++texts;
  }
  EXPECT_EQ(texts, 4);
}

TEST_F(RealWeightsTest, LogitsAreThePublishedOnes) {
  for (const Json& row : published_["logits"]) {
    const double rounding = 0.5 * std::pow(10.0, -row["digits"].get<int>());
    const std::vector<float> logits = LogitsOf(VisibleIds(row));
    for (size_t label = 0; label < 2; ++label) {
      EXPECT_NEAR(logits[label], row["logits"][label].get<double>(), kTolerance + rounding) << row;
    }
  }
}

TEST_F(RealWeightsTest, ScoresAreThePublishedOnes) {
  for (const Json& row : published_["scores"]) {
    const std::string text = row["text"];
    const auto encoding =
        model_->tokenizer.Encode({.text = text, .text_pair = {}}, kMaxTokens, Truncation::kError);
    ASSERT_TRUE(encoding.ok()) << encoding.status();
    const std::vector<float> logits = LogitsOf(encoding->input_ids);
    const int best = logits[1] > logits[0] ? 1 : 0;
    EXPECT_EQ(model_->config.labels[best], row["label"].get<std::string>()) << text;
    const double score = 1 / (1 + std::exp(logits[1 - best] - logits[best]));
    EXPECT_NEAR(score, row["score"].get<double>(), row["tol"].get<double>()) << text;
  }
}

}  // namespace
}  // namespace verdict
