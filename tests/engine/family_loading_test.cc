// Models beside DistilBERT, loaded whole: from the names of a checkpoint to a pair's segments.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "engine/model.h"
#include "tests/engine/fixtures/family_model.h"

namespace verdict {
namespace {

using ::testing::IsEmpty;

constexpr const char* kFamilies[] = {"bert", "electra", "roberta", "xlm-roberta", "camembert"};

// A family's model in a directory of its own, with what `edit` makes of its tensors.
absl::StatusOr<Model> Load(
    const std::string& model_type, const std::function<void(StoredTensors&)>& edit = [](auto&) {}) {
  const ModelDirectory directory;
  WriteFamily(directory, model_type);
  StoredTensors tensors = FamilyTensors(model_type);
  edit(tensors);
  directory.Write("model.safetensors", SafetensorsBytes(tensors));
  return LoadModel(directory.path(), {.max_batch_tokens = 16});
}

std::vector<float> LogitsOf(Model& model, const std::vector<int32_t>& ids,
                            int32_t first_segment = kOneSegment) {
  Batch batch;
  batch.Append(ids, first_segment);
  const auto logits = model.engine->Run(batch);
  EXPECT_TRUE(logits.ok()) << logits.status();
  return logits.ok() ? logits->values : std::vector<float>();
}

std::vector<float> LogitsOfInput(Model& model, const TextInput& input) {
  const auto encoding =
      model.tokenizer.Encode(input, model.config.max_tokens(), Truncation::kRight);
  EXPECT_TRUE(encoding.ok()) << encoding.status();
  return LogitsOf(
      model, encoding->input_ids,
      encoding->before_pair ? static_cast<int32_t>(*encoding->before_pair) : kOneSegment);
}

class FamilyLoadingTest : public ::testing::TestWithParam<const char*> {};

TEST_P(FamilyLoadingTest, AWholeModelIsServedWithoutAWarning) {
  auto model = Load(GetParam());
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT(model->warnings, IsEmpty());
  EXPECT_EQ(LogitsOfInput(*model, {.text = "good film", .text_pair = {}}).size(), 2u);
}

TEST_P(FamilyLoadingTest, TheBodysPrefixMayBeLeftOut) {
  auto model = Load(GetParam());
  auto bare = Load(GetParam(), [](StoredTensors& tensors) {
    StoredTensors renamed;
    for (const auto& [name, tensor] : tensors) {
      const bool is_head = absl::StartsWith(name, "classifier.");
      renamed[is_head ? name : name.substr(name.find('.') + 1)] = tensor;
    }
    tensors = renamed;
  });
  ASSERT_TRUE(model.ok()) << model.status();
  ASSERT_TRUE(bare.ok()) << bare.status();
  EXPECT_THAT(bare->warnings, IsEmpty());
  EXPECT_EQ(LogitsOf(*bare, {2, 5, 3}), LogitsOf(*model, {2, 5, 3}));
}

// What transformers leaves in such checkpoints, beside the classifier.
TEST_P(FamilyLoadingTest, LeftoversOfTrainingAreIgnoredWithoutAWarning) {
  const std::string type = GetParam();
  auto model = Load(type, [&type](StoredTensors& tensors) {
    const std::string body = type == "bert" || type == "electra" ? type + "." : "roberta.";
    for (const std::string& name :
         {body + "embeddings.position_ids", body + "embeddings.token_type_ids",
          std::string("cls.predictions.bias"), std::string("cls.seq_relationship.weight"),
          std::string("lm_head.dense.weight"), std::string("discriminator_predictions.dense.bias"),
          std::string("generator_lm_head.bias")}) {
      tensors[name] = F32Tensor({1}, {0});
    }
    if (type != "bert") tensors[body + "pooler.dense.weight"] = F32Tensor({1}, {0});
  });
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT(model->warnings, IsEmpty());
}

TEST_P(FamilyLoadingTest, PositionsAfterThePaddingsAreTheLimit) {
  const auto model = Load(GetParam());
  ASSERT_TRUE(model.ok()) << model.status();
  const bool from_zero = model->config.padding_id < 0;
  EXPECT_EQ(model->config.max_tokens(), from_zero ? 16 : 14);
  EXPECT_EQ(model->config.max_tokens_source(),
            from_zero ? "the model's max_position_embeddings"
                      : "the model's max_position_embeddings, less pad_token_id + 1");
  EXPECT_EQ(from_zero, model->config.segments() == 2);
}

TEST_P(FamilyLoadingTest, SegmentsCountWhereTheModelHasTokenTypes) {
  auto model = Load(GetParam());
  ASSERT_TRUE(model.ok()) << model.status();
  const std::vector<int32_t> ids = {2, 5, 3, 13, 6, 3};
  const std::vector<float> one = LogitsOf(*model, ids);
  const bool count = LogitsOf(*model, ids, 3) != one;
  EXPECT_EQ(count, model->config.segments() == 2);
  EXPECT_EQ(LogitsOf(*model, ids, 6), one) << "a second segment without tokens";
  EXPECT_EQ(LogitsOfInput(*model, {.text = "a", .text_pair = "good b"}), LogitsOf(*model, ids, 3));
}

INSTANTIATE_TEST_SUITE_P(Families, FamilyLoadingTest, ::testing::ValuesIn(kFamilies),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace verdict
