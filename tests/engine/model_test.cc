#include "engine/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/onednn.h"
#include "tests/engine/model_directory.h"

namespace verdict {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
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
      EXPECT_THAT(model->engine->info().kernels, StartsWith("highway:"));
    }
  }
}

}  // namespace
}  // namespace verdict
