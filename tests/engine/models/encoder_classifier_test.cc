#include "engine/models/encoder_classifier.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/models/loaded_engine.h"
#include "tests/fixtures/test_files.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

// Every model's engine, by directory and backend.
class EncoderClassifierTest
    : public ::testing::TestWithParam<std::tuple<const char*, NamedBackend>> {
 protected:
  void SetUp() override {
    if (!Runs(backend())) {
      GTEST_SKIP() << "this CPU has no instructions for " << NameOf(backend());
    }
  }

  std::string directory() const { return SourceFile(std::get<0>(GetParam())); }
  NamedBackend backend() const { return std::get<1>(GetParam()); }
  std::unique_ptr<EncoderClassifier> Load(int threads) const {
    return LoadEngine(directory(), threads, backend());
  }

  // Texts of every length from 1 to `max`, and some twice; a third of them are pairs.
  std::vector<TextIds> Texts(int max) const {
    std::minstd_rand random(7);
    const auto config = LoadModelConfig(directory());
    EXPECT_TRUE(config.ok()) << config.status();
    std::vector<TextIds> texts;
    for (int tokens = 1; tokens <= std::min(max, config->max_tokens()); ++tokens) {
      TextIds text = {.ids = std::vector<int32_t>(tokens)};
      for (int32_t& id : text.ids) id = static_cast<int32_t>(random() % config->vocab_size);
      if (tokens % 3 == 0) text.first_segment = tokens / 3;
      texts.push_back(text);
      if (tokens % 5 == 0) texts.push_back(text);
    }
    return texts;
  }
};

TEST_P(EncoderClassifierTest, ABatchMateNeverChangesABit) {
  const auto engine = Load(2);
  const auto texts = Texts(24);
  std::vector<std::vector<float>> alone;
  for (const auto& text : texts) alone.push_back(RunTexts(*engine, {text}));

  std::minstd_rand random(11);
  std::vector<int> order(texts.size());
  std::iota(order.begin(), order.end(), 0);
  for (int round = 0; round < 30; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    const size_t count = 1 + random() % order.size();
    std::vector<TextIds> mates;
    std::vector<float> expected;
    for (size_t i = 0; i < count; ++i) {
      mates.push_back(texts[order[i]]);
      expected.insert(expected.end(), alone[order[i]].begin(), alone[order[i]].end());
    }
    ASSERT_EQ(RunTexts(*engine, mates), expected) << "round " << round;
  }
}

TEST_P(EncoderClassifierTest, ABatchOfSeveralSectionsIsItsTextsInOrder) {
  const auto engine = Load(1);
  const auto few = Texts(24);
  std::vector<TextIds> texts;
  std::vector<float> expected;
  for (int tokens = 0, i = 0; tokens < kMaxBatchTokens - 24; ++i) {
    const auto& text = few[i % few.size()];
    const std::vector<float> alone = RunTexts(*engine, {text});
    texts.push_back(text);
    expected.insert(expected.end(), alone.begin(), alone.end());
    tokens += static_cast<int>(text.ids.size());
  }
  EXPECT_EQ(RunTexts(*engine, texts), expected);
}

TEST_P(EncoderClassifierTest, TheNumberOfThreadsNeverChangesABit) {
  const auto texts = Texts(24);
  const std::vector<float> expected = RunTexts(*Load(1), texts);
  for (int threads : {2, 3, 8}) {
    EXPECT_EQ(RunTexts(*Load(threads), texts), expected) << threads;
  }
}

TEST_P(EncoderClassifierTest, EveryTokenCounts) {
  const auto engine = Load(1);
  const TextIds text = Texts(12).back();
  const std::vector<float> logits = RunTexts(*engine, {text});
  for (size_t i = 0; i < text.ids.size(); ++i) {
    TextIds changed = text;
    changed.ids[i] = changed.ids[i] == 5 ? 6 : 5;
    EXPECT_NE(RunTexts(*engine, {changed}), logits) << "token " << i;
  }
}

// Looser than float32 by what rounding does to random weights; the labels of a trained model are
// compared in demo_accuracy_test.
TEST_P(EncoderClassifierTest, RoundingChangesTheLogitsALittle) {
  const auto texts = Texts(24);
  const std::vector<float> exact = RunTexts(*LoadEngine(directory(), 1), texts);
  const std::vector<float> rounded = RunTexts(*Load(1), texts);
  const double most = backend().precision == Precision::kF32 ? 1e-5 : 0.15;
  double error = 0, size = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    error += std::pow(double{rounded[i]} - exact[i], 2);
    size += std::pow(double{exact[i]}, 2);
  }
  EXPECT_LE(std::sqrt(error / size), most);
  // Of the others one shows that it is not panels' float32 by its error; but oneDNN's float32 may
  // add up in the same order.
  if (backend() == NamedBackend{"panels"}) {
    EXPECT_EQ(error, 0);
  } else if (backend() != NamedBackend{"onednn"}) {
    EXPECT_GT(error, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, EncoderClassifierTest,
                         ::testing::Combine(::testing::Values("models/demo",
                                                              "tests/golden/checkpoints/odd_sizes",
                                                              "tests/golden/checkpoints/one_label",
                                                              "tests/golden/checkpoints/bert",
                                                              "tests/golden/checkpoints/electra",
                                                              "tests/golden/checkpoints/roberta"),
                                            ::testing::ValuesIn(kEveryBackend)),
                         [](const auto& info) {
                           const std::string path = std::get<0>(info.param);
                           std::string name = path.substr(path.rfind('/') + 1);
                           name.erase(std::remove(name.begin(), name.end(), '_'), name.end());
                           return name + "In" + NameOf(std::get<1>(info.param));
                         });

class BadBatchTest : public ::testing::Test {
 protected:
  void ExpectRefusal(const Batch& batch, const std::string& message) {
    const auto logits = engine_->Run(batch);
    EXPECT_EQ(logits.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(logits.status().message()), HasSubstr(message));
    Batch good;
    good.Append({2, 10, 3});
    EXPECT_TRUE(engine_->Run(good).ok()) << "the next batch must not suffer";
  }

  std::unique_ptr<EncoderClassifier> engine_ = LoadEngine(SourceFile("models/demo"), 1);
};

TEST_F(BadBatchTest, NoTexts) { ExpectRefusal(Batch(), "0 texts"); }

TEST_F(BadBatchTest, AnEmptyText) {
  Batch batch;
  batch.Append({2, 3});
  batch.Append({});
  ExpectRefusal(batch, "text 1 of the batch has 0 tokens; expected 1 to 512");
}

TEST_F(BadBatchTest, ATextTooLong) {
  Batch batch;
  batch.Append(std::vector<int32_t>(513, 5));
  ExpectRefusal(batch, "text 0 of the batch has 513 tokens; expected 1 to 512");
}

TEST_F(BadBatchTest, TooManyTokens) {
  Batch batch;
  for (int i = 0; i < 21; ++i) batch.Append(std::vector<int32_t>(100, 5));
  ExpectRefusal(batch, "the batch has 2100 tokens; expected at most 2000");
}

TEST_F(BadBatchTest, AnIdOutsideTheVocabulary) {
  for (int32_t id : {-1, 6000, 2147483647}) {
    Batch batch;
    batch.Append({2, id, 3});
    ExpectRefusal(batch, "the batch holds the id " + std::to_string(id) + "; expected 0 to 5999");
  }
}

TEST_F(BadBatchTest, OffsetsThatDoNotSpanTheTokens) {
  Batch batch;
  batch.Append({2, 10, 3});
  batch.offsets.back() = 2;
  ExpectRefusal(batch, "offsets that do not span them");
}

}  // namespace
}  // namespace verdict
