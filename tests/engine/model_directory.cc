#include "tests/engine/model_directory.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace verdict {
namespace {

using Json = nlohmann::json;

constexpr int64_t kDim = 8;
constexpr int64_t kHiddenDim = 16;
constexpr int64_t kPositions = 16;
constexpr int64_t kWords = 20;
constexpr int64_t kLabels = 2;

constexpr char kVocabulary[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\nd\n##a\n##b\n##c\n##d\ngood\nbad\nfilm\n!\n?\n."
    "\n,\n";

// Tensors whose names sort before this are in the first shard.
constexpr char kFirstInSecondShard[] = "e";

// Small values with some variety: 0, 0.25, … -0.25, by index.
StoredTensor Some(std::vector<int64_t> shape) {
  size_t count = 1;
  for (const int64_t dimension : shape) count *= static_cast<size_t>(dimension);
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = 0.25f * static_cast<float>(i * 7 % 5) - 0.5f;
  return F32Tensor(std::move(shape), values);
}

void AddLinear(StoredTensors& tensors, const std::string& name, int64_t in, int64_t out) {
  tensors[name + ".weight"] = Some({out, in});
  tensors[name + ".bias"] = Some({out});
}

void AddLayerNorm(StoredTensors& tensors, const std::string& name) {
  tensors[name + ".weight"] = Some({kDim});
  tensors[name + ".bias"] = Some({kDim});
}

std::string Data(const StoredTensors& tensors) {
  std::string data;
  for (const auto& [name, tensor] : tensors) data += tensor.bytes;
  return data;
}

}  // namespace

StoredTensor F32Tensor(std::vector<int64_t> shape, const std::vector<float>& values) {
  std::string bytes;
  for (const float value : values) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  return {"F32", std::move(shape), std::move(bytes)};
}

std::string SafetensorsBytes(std::string_view header, std::string_view data) {
  const uint64_t length = header.size();
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  bytes += header;
  bytes += data;
  return bytes;
}

std::string SafetensorsBytes(const StoredTensors& tensors) {
  return SafetensorsBytes(SafetensorsHeader(tensors).dump(), Data(tensors));
}

Json SafetensorsHeader(const StoredTensors& tensors) {
  Json header = {{"__metadata__", {{"format", "pt"}}}};
  size_t begin = 0;
  for (const auto& [name, tensor] : tensors) {
    const size_t end = begin + tensor.bytes.size();
    header[name] = {
        {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  return header;
}

ModelDirectory::ModelDirectory() {
  path_ = ::testing::TempDir() + "verdict_model_XXXXXX";
  if (mkdtemp(path_.data()) == nullptr) std::abort();
  Write("config.json", Config().dump());
  Write("model.safetensors", SafetensorsBytes(Tensors()));
  Write("vocab.txt", kVocabulary);
}

ModelDirectory::~ModelDirectory() { std::filesystem::remove_all(path_); }

void ModelDirectory::Write(const std::string& name, std::string_view bytes) const {
  std::ofstream file(PathOf(name), std::ios::binary);
  file << bytes;
  file.close();
  EXPECT_TRUE(file.good()) << PathOf(name);
}

void ModelDirectory::Remove(const std::string& name) const {
  EXPECT_TRUE(std::filesystem::remove(PathOf(name))) << PathOf(name);
}

void ModelDirectory::Cut(const std::string& name, uint64_t bytes) const {
  EXPECT_LT(bytes, std::filesystem::file_size(PathOf(name)));
  std::filesystem::resize_file(PathOf(name), bytes);
}

void ModelDirectory::EditConfig(const std::function<void(Json&)>& edit) const {
  Json config = Config();
  edit(config);
  Write("config.json", config.dump());
}

void ModelDirectory::EditTensors(const std::function<void(StoredTensors&)>& edit) const {
  StoredTensors tensors = Tensors();
  edit(tensors);
  Write("model.safetensors", SafetensorsBytes(tensors));
}

void ModelDirectory::EditHeader(const std::function<void(Json&)>& edit) const {
  Json header = SafetensorsHeader(Tensors());
  edit(header);
  Write("model.safetensors", SafetensorsBytes(header.dump(), Data(Tensors())));
}

void ModelDirectory::Shard() const {
  StoredTensors first = Tensors();
  StoredTensors second;
  while (!first.empty() && first.rbegin()->first >= kFirstInSecondShard) {
    second.insert(first.extract(std::prev(first.end())));
  }
  Remove("model.safetensors");
  Write(kFirstShard, SafetensorsBytes(first));
  Write(kSecondShard, SafetensorsBytes(second));
  EditWeightMap([](Json&) {});
}

void ModelDirectory::EditWeightMap(const std::function<void(Json&)>& edit) const {
  Json weight_map;
  for (const auto& [name, tensor] : Tensors()) {
    weight_map[name] = name < kFirstInSecondShard ? kFirstShard : kSecondShard;
  }
  edit(weight_map);
  const Json index = {{"metadata", {{"total_size", 0}}}, {"weight_map", weight_map}};
  Write("model.safetensors.index.json", index.dump());
}

Json ModelDirectory::Config() {
  return {
      {"architectures", {"DistilBertForSequenceClassification"}},
      {"model_type", "distilbert"},
      {"vocab_size", kWords},
      {"max_position_embeddings", kPositions},
      {"dim", kDim},
      {"hidden_dim", kHiddenDim},
      {"n_layers", 1},
      {"n_heads", 2},
      {"activation", "gelu"},
      {"id2label", {{"0", "NEGATIVE"}, {"1", "POSITIVE"}}},
  };
}

StoredTensors ModelDirectory::Tensors() {
  StoredTensors tensors;
  tensors["distilbert.embeddings.word_embeddings.weight"] = Some({kWords, kDim});
  tensors["distilbert.embeddings.position_embeddings.weight"] = Some({kPositions, kDim});
  AddLayerNorm(tensors, "distilbert.embeddings.LayerNorm");
  const std::string layer = "distilbert.transformer.layer.0.";
  for (const char* name : {"q_lin", "k_lin", "v_lin", "out_lin"}) {
    AddLinear(tensors, layer + "attention." + name, kDim, kDim);
  }
  AddLayerNorm(tensors, layer + "sa_layer_norm");
  AddLinear(tensors, layer + "ffn.lin1", kDim, kHiddenDim);
  AddLinear(tensors, layer + "ffn.lin2", kHiddenDim, kDim);
  AddLayerNorm(tensors, layer + "output_layer_norm");
  AddLinear(tensors, "pre_classifier", kDim, kDim);
  AddLinear(tensors, "classifier", kDim, kLabels);
  return tensors;
}

}  // namespace verdict
