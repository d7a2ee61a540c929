// Paths that are no model's directory, and what each is told to do instead.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "engine/files/directory_check.h"
#include "tests/engine/fixtures/bad_model.h"

namespace verdict {
namespace {

using ::testing::TestWithParam;
using ::testing::ValuesIn;

namespace fs = std::filesystem;

// Moves all files to `below`, a path within the directory.
void MoveBelow(const ModelDirectory& directory, const std::string& below) {
  const std::string place = directory.PathOf(below);
  fs::create_directories(place);
  for (const char* name : {"config.json", "model.safetensors", "vocab.txt"}) {
    fs::rename(directory.PathOf(name), place + "/" + name);
  }
}

Damage Below(const std::string& below) {
  return [below](const ModelDirectory& directory) { MoveBelow(directory, below); };
}

Damage OnlyWeights(const std::string& name) {
  return [name](const ModelDirectory& directory) {
    directory.Remove("model.safetensors");
    directory.Write(name, "");
  };
}

const BadModel kDirectories[] = {
    {"RepositoryOfACache", Below("snapshots/0a1b"),
     "/snapshots/0a1b: the directory that was given"},
    {"CacheRoot", Below("models--me--mine/snapshots/0a1b"),
     "/models--me--mine/snapshots/0a1b: the directory that was given has no config.json"},
    {"HomeOfACache", Below("hub/models--me--mine/snapshots/0a1b"),
     "/hub/models--me--mine/snapshots/0a1b: the directory"},
    {"MainRevisionOfSeveral",
     [](const auto& directory) {
       MoveBelow(directory, "snapshots/0a1b");
       fs::copy(directory.PathOf("snapshots/0a1b"), directory.PathOf("snapshots/2c3d"));
       fs::create_directory(directory.PathOf("refs"));
       directory.Write("refs/main", "2c3d");
     },
     "/snapshots/2c3d: the directory that was given"},
    {"OutputOfATrainer", Below("checkpoint-500"), "/checkpoint-500: the directory that was given"},
    {"Adapter", File("adapter_config.json", "{}"),
     "holds a PEFT adapter (adapter_config.json), which is not applied: merge it into its model. "
     "`python3 -c \"from peft import AutoPeftModelForSequenceClassification as M; "},
    {"PyTorch", OnlyWeights("pytorch_model.bin"),
     "found neither but \"pytorch_model.bin\": `python3 -c \"from transformers import "
     "AutoModelForSequenceClassification as M; M.from_pretrained('.').save_pretrained('.', "
     "safe_serialization=True)\"` in that directory makes a model.safetensors"},
    {"PyTorchShards", OnlyWeights("pytorch_model-00001-of-00002.bin"),
     "but \"pytorch_model-00001-of-00002.bin\": `python3"},
    {"TensorFlow", OnlyWeights("tf_model.h5"),
     "but \"tf_model.h5\": `python3 -c \"from transformers import "
     "AutoModelForSequenceClassification as M; M.from_pretrained('.', from_tf=True)"},
    {"Flax", OnlyWeights("flax_model.msgpack"), "M.from_pretrained('.', from_flax=True)"},
    {"Onnx", OnlyWeights("model.onnx"), "but \"model.onnx\": ONNX is not read"},
    {"OnnxFolder", OnlyWeights("onnx"), "but \"onnx\": ONNX is not read"},
    {"SafetensorsOfAnotherName", OnlyWeights("model.fp16.safetensors"),
     "but \"model.fp16.safetensors\": if these are the whole model's weights, rename them"},
};

class BadDirectoriesTest : public TestWithParam<BadModel> {};

TEST_P(BadDirectoriesTest, AreToldTheNextStep) { ExpectRefused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(All, BadDirectoriesTest, ValuesIn(kDirectories), CaseName);

TEST(CheckModelDirectoryTest, TheSnapshotsThemselvesNameTheOneThatIsMain) {
  const ModelDirectory directory;
  MoveBelow(directory, "snapshots/0a1b");
  const std::string snapshots = directory.PathOf("snapshots");
  for (const std::string& path : {snapshots, snapshots + "/"}) {
    EXPECT_EQ(std::string(CheckModelDirectory(path).message()),
              "give --model " + snapshots +
                  "/0a1b: the directory that was given has no config.json, but what is below it "
                  "has");
  }
}

TEST(CheckModelDirectoryTest, OfManyModelsThreeAreNamed) {
  const ModelDirectory directory;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    fs::create_directory(directory.PathOf(name));
    fs::copy(directory.PathOf("config.json"), directory.PathOf(std::string(name) + "/config.json"));
  }
  directory.Remove("config.json");
  EXPECT_EQ(std::string(CheckModelDirectory(directory.path()).message()),
            "give --model " + directory.PathOf("a") + " or " + directory.PathOf("b") + " or " +
                directory.PathOf("c") +
                " or one of 2 more: the directory that was given has no config.json, but what is "
                "below it has");
}

TEST(CheckModelDirectoryTest, AHubsNameIsToldHowToDownloadIt) {
  for (const std::string name :
       {"distilbert/distilbert-base-uncased-finetuned-sst-2-english", "my_model.v2"}) {
    EXPECT_EQ(std::string(CheckModelDirectory(name).message()),
              name +
                  ": there is no such directory. If it is a model's name on the Hugging Face Hub: "
                  "nothing is downloaded here; run `hf download NAME --local-dir DIR` with that "
                  "name, and give --model DIR");
  }
  for (const std::string name : {"/models/mine", "./mine", "a/b/c", "mine/", ""}) {
    EXPECT_EQ(std::string(CheckModelDirectory(name).message()),
              name + ": there is no such directory");
  }
}

}  // namespace
}  // namespace verdict
