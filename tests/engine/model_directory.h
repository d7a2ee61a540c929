// A tiny valid model directory for tests, which each then breaks in its own way.
#ifndef VERDICT_TESTS_ENGINE_MODEL_DIRECTORY_H_
#define VERDICT_TESTS_ENGINE_MODEL_DIRECTORY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace verdict {

// One tensor as a file stores it.
struct StoredTensor {
  std::string dtype;
  std::vector<int64_t> shape;
  std::string bytes;
};
using StoredTensors = std::map<std::string, StoredTensor>;

// An F32 tensor of `values`.
StoredTensor F32Tensor(std::vector<int64_t> shape, const std::vector<float>& values);

// A safetensors file: the header's length, the header `header`, and `data`, whatever they say.
std::string SafetensorsBytes(std::string_view header, std::string_view data);

// A valid file of `tensors`, their data in the map's order.
std::string SafetensorsBytes(const StoredTensors& tensors);

// The header of that file, for a test to change.
nlohmann::json SafetensorsHeader(const StoredTensors& tensors);

// A directory of its own under the tests' temporary one, removed at the end: DistilBERT with 2
// labels, dim 8, 2 heads, 1 layer, hidden_dim 16, 16 positions and 20 words, in config.json,
// model.safetensors and vocab.txt. Its 24 tensors hold small finite values.
class ModelDirectory {
 public:
  ModelDirectory();
  ~ModelDirectory();
  ModelDirectory(const ModelDirectory&) = delete;
  ModelDirectory& operator=(const ModelDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string PathOf(const std::string& name) const { return path_ + "/" + name; }

  void Write(const std::string& name, std::string_view bytes) const;
  void Remove(const std::string& name) const;
  // Leaves the first `bytes` of the file.
  void Cut(const std::string& name, uint64_t bytes) const;

  // Writes config.json, or model.safetensors, with what `edit` makes of the valid contents.
  void EditConfig(const std::function<void(nlohmann::json&)>& edit) const;
  void EditTensors(const std::function<void(StoredTensors&)>& edit) const;
  // The same data under an edited header.
  void EditHeader(const std::function<void(nlohmann::json&)>& edit) const;

  // Moves the tensors into two shards with a valid index; tensors up to and including the layer's
  // are in the first.
  void Shard() const;
  // After Shard: writes the index with what `edit` makes of its weight_map.
  void EditWeightMap(const std::function<void(nlohmann::json&)>& edit) const;

  static nlohmann::json Config();
  static StoredTensors Tensors();

 private:
  std::string path_;
};

inline constexpr char kFirstShard[] = "model-00001-of-00002.safetensors";
inline constexpr char kSecondShard[] = "model-00002-of-00002.safetensors";

}  // namespace verdict

#endif  // VERDICT_TESTS_ENGINE_MODEL_DIRECTORY_H_
