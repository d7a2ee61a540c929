#include "engine/files/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/files/sha256.h"
#include "tests/engine/fixtures/model_directory.h"

namespace verdict {
namespace {

using ::testing::ElementsAreArray;

std::vector<std::string> NamesOf(const StoredTensors& tensors) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors) names.push_back(name);
  return names;
}

Checkpoint Open(const ModelDirectory& directory) {
  absl::StatusOr<Checkpoint> checkpoint = Checkpoint::Open(directory.path());
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
  return *std::move(checkpoint);
}

TEST(Sha256, IsTheStandardOne) {
  // The example of FIPS 180-4.
  EXPECT_EQ(Sha256("abc").value(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256("").value(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, OfAFileIsThatOfItsBytes) {
  const ModelDirectory directory;
  const std::string bytes(1'500'001, 'v');  // more than one read
  directory.Write("file", bytes);
  const auto file = File::Open(directory.PathOf("file"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(Sha256(*file).value(), Sha256(bytes).value());
}

TEST(Checkpoint, KnowsItsTensorsByName) {
  const ModelDirectory directory;
  const Checkpoint checkpoint = Open(directory);
  EXPECT_THAT(checkpoint.names(), ElementsAreArray(NamesOf(ModelDirectory::Tensors())));
  EXPECT_TRUE(checkpoint.Contains("classifier.weight"));
  EXPECT_FALSE(checkpoint.Contains("classifier"));
}

TEST(Checkpoint, ReadsTheSameFromShardsAsFromOneFile) {
  const ModelDirectory whole;
  const ModelDirectory sharded;
  sharded.Shard();
  const Checkpoint one = Open(whole);
  const Checkpoint two = Open(sharded);
  EXPECT_EQ(one.names(), two.names());
  for (const auto& [name, tensor] : ModelDirectory::Tensors()) {
    const auto from_one = one.Read(name, tensor.shape);
    const auto from_two = two.Read(name, tensor.shape);
    ASSERT_TRUE(from_one.ok()) << from_one.status();
    ASSERT_TRUE(from_two.ok()) << from_two.status();
    EXPECT_EQ(*from_one, *from_two) << name;
  }
}

TEST(Checkpoint, PrefersTheSingleFileToTheIndex) {
  const ModelDirectory directory;
  directory.Write("model.safetensors.index.json", "not even JSON");
  EXPECT_TRUE(Checkpoint::Open(directory.path()).ok());
}

TEST(Checkpoint, RevisionIsTheFilesDigest) {
  const ModelDirectory directory;
  EXPECT_EQ(Open(directory).Revision().value(),
            Sha256(SafetensorsBytes(ModelDirectory::Tensors())).value());
}

TEST(Checkpoint, RevisionOfShardsCoversEachOfThem) {
  const ModelDirectory directory;
  directory.Shard();
  const auto first = File::Open(directory.PathOf(kFirstShard));
  const auto second = File::Open(directory.PathOf(kSecondShard));
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(Open(directory).Revision().value(),
            Sha256(Sha256(*first).value() + Sha256(*second).value()).value());
}

TEST(Checkpoint, NoticesAShardThatIsCutShortAfterOpen) {
  const ModelDirectory directory;
  directory.Shard();
  const Checkpoint checkpoint = Open(directory);
  directory.Cut(kSecondShard, 300);
  EXPECT_EQ(checkpoint.Read("pre_classifier.bias", {8}).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_TRUE(checkpoint.Read("classifier.bias", {2}).ok()) << "the other shard is as it was";
}

TEST(Checkpoint, IsNotFoundInADirectoryWithoutWeights) {
  const ModelDirectory directory;
  directory.Remove("model.safetensors");
  EXPECT_EQ(Checkpoint::Open(directory.path()).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace verdict
