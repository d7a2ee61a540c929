#include "engine/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/onednn/onednn.h"
#include "tests/engine/fixtures/broken_backend.h"
#include "tests/engine/fixtures/every_backend.h"
#include "tests/engine/fixtures/model_directory.h"

namespace verdict {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// What is said of a model whose checkpoint holds the tensors `names` too.
std::vector<std::string> WarningsWith(const std::vector<std::string>& names) {
  const ModelDirectory directory;
  directory.EditTensors([&names](StoredTensors& tensors) {
    for (const std::string& name : names) tensors[name] = F32Tensor({1}, {0});
  });
  const absl::StatusOr<Model> model = LoadModel(directory.path(), {.max_batch_tokens = 16});
  EXPECT_TRUE(model.ok()) << model.status();
  return model.ok() ? model->warnings : std::vector<std::string>{"not loaded"};
}

std::string ErrorOf(const ModelDirectory& directory) {
  return std::string(LoadModel(directory.path(), {.max_batch_tokens = 16}).status().message());
}

std::vector<std::string> Numbered(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back(absl::StrCat("unused.", 100 + i));
  return names;
}

TEST(LoadModel, WarnsOfTensorsThatNoLayerUses) {
  EXPECT_THAT(WarningsWith({}), IsEmpty());
  EXPECT_THAT(WarningsWith({"unused", "un\nused"}),
              ElementsAre("the checkpoint has tensors that no layer uses: \"un\\nused\", "
                          "\"unused\""));
}

TEST(LoadModel, NamesTenUnusedTensorsAndCountsTheOthers) {
  EXPECT_THAT(WarningsWith(Numbered(10)), ElementsAre(EndsWith(", \"unused.109\"")));
  EXPECT_THAT(WarningsWith(Numbered(11)), ElementsAre(EndsWith(", \"unused.109\" and 1 more")));
  EXPECT_THAT(WarningsWith(Numbered(30)), ElementsAre(EndsWith(", \"unused.109\" and 20 more")));
}

TEST(LoadModel, SaysThePathOfWhatItRefusesOnce) {
  const ModelDirectory directory;
  directory.EditConfig([](auto& config) { config["vocab_size"] = 19; });
  EXPECT_THAT(ErrorOf(directory),
              StartsWith("model '" + directory.path() + "': the tokenizer has ids up to 19"));
  directory.Write("config.json", "{");
  EXPECT_THAT(ErrorOf(directory), StartsWith(directory.PathOf("config.json") + ": not JSON"));
}

// What is said of a model that a wrapper saved: torch.compile, DataParallel, PEFT.
TEST(LoadModel, LeavesOffWhatAllNamesBeginWith) {
  for (const std::string prefix : {"_orig_mod.", "module.", "base_model.model.", "model.mine."}) {
    const ModelDirectory directory;
    directory.EditTensors([&prefix](StoredTensors& tensors) {
      StoredTensors renamed;
      for (const auto& [name, tensor] : tensors) renamed[prefix + name] = tensor;
      tensors = renamed;
    });
    const absl::StatusOr<Model> model = LoadModel(directory.path(), {.max_batch_tokens = 16});
    ASSERT_TRUE(model.ok()) << model.status();
    EXPECT_THAT(model->warnings, ElementsAre("the names of all tensors begin with \"" + prefix +
                                             "\", which is left off"));
  }
}

TEST(LoadModel, ReadsTheNamesThatTensorFlowGaveToNorms) {
  const ModelDirectory directory;
  directory.EditTensors([](StoredTensors& tensors) {
    const std::string norm = "distilbert.embeddings.LayerNorm.";
    tensors[norm + "gamma"] = tensors[norm + "weight"];
    tensors[norm + "beta"] = tensors[norm + "bias"];
    tensors.erase(norm + "weight");
    tensors.erase(norm + "bias");
  });
  EXPECT_EQ(ErrorOf(directory), "");
}

TEST(LoadModel, TokensWithoutAnEmbeddingAreNamed) {
  const ModelDirectory directory;
  directory.EditConfig([](auto& config) { config["vocab_size"] = 18; });
  EXPECT_THAT(ErrorOf(directory),
              HasSubstr("config.json's vocab_size is 18: \".\" (18) and 1 more have no embedding. "
                        "If tokens were added to the tokenizer, resize the model before it is "
                        "trained and saved, model.resize_token_embeddings(len(tokenizer))"));
}

// The limit, and what sets it, of a model of 16 positions.
std::string LimitWith(const std::string& tokenizer_config, int max_tokens,
                      std::vector<std::string>* warnings = nullptr) {
  const ModelDirectory directory;
  directory.Write("tokenizer_config.json", tokenizer_config);
  const absl::StatusOr<Model> model =
      LoadModel(directory.path(), {.max_batch_tokens = 16, .max_tokens = max_tokens});
  if (!model.ok()) return std::string(model.status().message());
  if (warnings != nullptr) *warnings = model->warnings;
  return absl::StrCat(model->config.max_tokens(), " by ", model->config.max_tokens_source());
}

TEST(LoadModel, TheLeastOfThreeLimitsIsTheLimit) {
  EXPECT_EQ(LimitWith("{}", 0), "16 by the model's max_position_embeddings");
  EXPECT_EQ(LimitWith(R"({"model_max_length": 1e30})", 0),
            "16 by the model's max_position_embeddings");
  EXPECT_EQ(LimitWith(R"({"model_max_length": 12})", 0), "12 by the tokenizer's model_max_length");
  EXPECT_EQ(LimitWith(R"({"model_max_length": 12})", 9), "9 by --max-tokens");
  EXPECT_EQ(LimitWith(R"({"model_max_length": 12})", 12), "12 by the tokenizer's model_max_length");
}

TEST(LoadModel, AMaxTokensAboveTheModelsIsWarnedOf) {
  std::vector<std::string> warnings;
  EXPECT_EQ(LimitWith(R"({"model_max_length": 12})", 13, &warnings),
            "12 by the tokenizer's model_max_length");
  EXPECT_THAT(warnings, ElementsAre("--max-tokens is 13, but the model takes no more than 12 (the "
                                    "tokenizer's model_max_length), which is the limit"));
}

TEST(ModelTest, EveryPrecisionIsServedAndWithoutInstructionsForItAWarningSaysHow) {
  const ModelDirectory directory;
  for (Precision precision : {Precision::kF32, Precision::kBf16, Precision::kInt8}) {
    const auto model =
        LoadModel(directory.path(), {.max_batch_tokens = 16, .precision = precision});
    ASSERT_TRUE(model.ok()) << model.status();
    EXPECT_EQ(model->engine->info().precision, PrecisionName(precision));
    if (precision == Precision::kF32 || HasFastKernels(precision)) {
      EXPECT_THAT(model->warnings, IsEmpty());
    } else {
      EXPECT_THAT(model->warnings, ElementsAre(StartsWith("this CPU (")));
      EXPECT_THAT(model->engine->info().kernels, StartsWith("panels:"));
    }
  }
}

// A table with a broken backend before the others.
BackendTable BrokenFirst() {
  BackendTable table = AllBackends();
  for (Precision precision : {Precision::kF32, Precision::kBf16, Precision::kInt8}) {
    table.rows.insert(table.rows.begin(),
                      {"panels", precision, [] { return true; }, BrokenBackend::Make});
  }
  return table;
}

TEST(ModelTest, KernelsThatComputeWronglyGiveWayToOneDnnBeforeTheFirstCall) {
  const ModelDirectory directory;
  const BackendTable table = BrokenFirst();
  const auto model = LoadModel(directory.path(), {.max_batch_tokens = 16, .backends = &table});
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT(model->engine->info().kernels, StartsWith("onednn:"));
  EXPECT_EQ(model->engine->info().rejected_kernels, "broken:kernel");
  EXPECT_THAT(model->warnings,
              ElementsAre(AllOf(StartsWith("the kernels broken:kernel compute wrongly in f32"),
                                HasSubstr("oneDNN's kernels serve in their place"))));
}

TEST(ModelTest, KernelsThatWereAskedForByNameAndComputeWronglyEndTheStart) {
  const ModelDirectory directory;
  const BackendTable table = BrokenFirst();
  const auto model = LoadModel(directory.path(),
                               {.max_batch_tokens = 16, .kernels = "panels", .backends = &table});
  EXPECT_EQ(model.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(model.status().message()), HasSubstr("broken:kernel compute wrongly"));
}

TEST(ModelTest, EveryKernelThatIsAskedForByNameServesOrSaysWhichCan) {
  const ModelDirectory directory;
  for (const NamedBackend& backend : kEveryBackend) {
    const auto model = LoadModel(directory.path(), {.max_batch_tokens = 16,
                                                    .precision = backend.precision,
                                                    .kernels = std::string(backend.name)});
    if (Runs(backend)) {
      ASSERT_TRUE(model.ok()) << model.status();
      EXPECT_THAT(model->engine->info().kernels, StartsWith(std::string(backend.name) + ":"));
      EXPECT_THAT(model->warnings, IsEmpty());
    } else {
      EXPECT_EQ(model.status().code(), absl::StatusCode::kFailedPrecondition);
      EXPECT_THAT(std::string(model.status().message()), HasSubstr("those that can are"));
    }
  }
}

}  // namespace
}  // namespace verdict
