#include "engine/files/checkpoint.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/files/directory_check.h"
#include "engine/files/json_file.h"
#include "engine/files/quoted.h"
#include "engine/files/sha256.h"

namespace verdict {
namespace {

using Json = nlohmann::json;

constexpr char kWeightsName[] = "model.safetensors";
constexpr char kIndexName[] = "model.safetensors.index.json";

// Room for 15,000 tensors. DistilBERT's index has 9 KB.
constexpr uint64_t kMaxIndexBytes = 2 << 20;

// File name by tensor name.
using WeightMap = std::map<std::string, std::string, std::less<>>;

std::string PathIn(const std::string& directory, const std::string& name) {
  return (std::filesystem::path(directory) / name).string();
}

// An index must not reach outside its directory.
bool IsPlainFileName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos &&
         name.find('\0') == name.npos;
}

absl::StatusOr<WeightMap> ReadWeightMap(const std::string& path) {
  const absl::StatusOr<Json> index = ReadJsonFile(path, kMaxIndexBytes);
  if (!index.ok()) return index.status();
  const auto weight_map = index->find("weight_map");
  if (weight_map == index->end()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": has no \"weight_map\""));
  }
  if (!weight_map->is_object() || weight_map->empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": \"weight_map\": expected an object with a file name per tensor, found ",
        weight_map->is_object() ? "an empty one" : ValueText(*weight_map)));
  }
  WeightMap files;
  for (const auto& [tensor, file] : weight_map->items()) {
    if (!file.is_string() || !IsPlainFileName(file.get_ref<const std::string&>())) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, ": tensor ", Quoted(tensor),
          ": expected the plain name of a file in the same directory, found ", ValueText(file)));
    }
    files.emplace(tensor, file.get<std::string>());
  }
  return files;
}

// In file-name order.
absl::StatusOr<std::vector<SafetensorsFile>> OpenShards(const std::string& directory,
                                                        const WeightMap& weight_map) {
  std::set<std::string> names;
  for (const auto& [tensor, name] : weight_map) names.insert(name);
  std::vector<SafetensorsFile> files;
  for (const std::string& name : names) {
    absl::StatusOr<SafetensorsFile> file = SafetensorsFile::Open(PathIn(directory, name));
    if (!file.ok()) return file.status();
    files.push_back(*std::move(file));
  }
  return files;
}

// Every tensor of a shard must be in the index, with that shard; and the other way round. A tensor
// that is in two shards cannot agree with the index in both.
absl::Status CheckAgainstIndex(const std::string& directory, const WeightMap& weight_map,
                               const std::vector<SafetensorsFile>& files) {
  std::set<std::string, std::less<>> seen;
  for (const SafetensorsFile& file : files) {
    for (const auto& [tensor, entry] : file.tensors()) {
      const auto mapped = weight_map.find(tensor);
      if (mapped == weight_map.end()) {
        return absl::InvalidArgumentError(absl::StrCat(file.file().path(), ": tensor ",
                                                       Quoted(tensor), " is not in ", kIndexName));
      }
      if (PathIn(directory, mapped->second) != file.file().path()) {
        return absl::InvalidArgumentError(absl::StrCat(file.file().path(), ": holds tensor ",
                                                       Quoted(tensor), ", which ", kIndexName,
                                                       " says is in ", Quoted(mapped->second)));
      }
      seen.insert(tensor);
    }
  }
  for (const auto& [tensor, name] : weight_map) {
    if (!seen.contains(tensor)) {
      return absl::InvalidArgumentError(absl::StrCat(PathIn(directory, name), ": has no tensor ",
                                                     Quoted(tensor), ", which ", kIndexName,
                                                     " says it holds"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SafetensorsFile>> OpenFiles(const std::string& directory) {
  absl::StatusOr<SafetensorsFile> single = SafetensorsFile::Open(PathIn(directory, kWeightsName));
  if (single.ok()) {
    std::vector<SafetensorsFile> files;
    files.push_back(*std::move(single));
    return files;
  }
  if (!absl::IsNotFound(single.status())) return single.status();

  const absl::StatusOr<WeightMap> weight_map = ReadWeightMap(PathIn(directory, kIndexName));
  if (absl::IsNotFound(weight_map.status())) {
    return NoWeightsError(directory);
  }
  if (!weight_map.ok()) return weight_map.status();
  absl::StatusOr<std::vector<SafetensorsFile>> shards = OpenShards(directory, *weight_map);
  if (!shards.ok()) return shards.status();
  if (absl::Status status = CheckAgainstIndex(directory, *weight_map, *shards); !status.ok()) {
    return status;
  }
  return shards;
}

}  // namespace

absl::StatusOr<Checkpoint> Checkpoint::Open(const std::string& directory) {
  absl::StatusOr<std::vector<SafetensorsFile>> files = OpenFiles(directory);
  if (!files.ok()) return files.status();

  Checkpoint checkpoint;
  checkpoint.directory_ = directory;
  checkpoint.files_ = *std::move(files);
  for (size_t i = 0; i < checkpoint.files_.size(); ++i) {
    for (const auto& [tensor, entry] : checkpoint.files_[i].tensors()) {
      checkpoint.file_of_tensor_.emplace(tensor, i);
    }
  }
  return checkpoint;
}

bool Checkpoint::Contains(std::string_view name) const { return file_of_tensor_.contains(name); }

std::vector<std::string> Checkpoint::names() const {
  std::vector<std::string> names;
  names.reserve(file_of_tensor_.size());
  for (const auto& [name, file] : file_of_tensor_) names.push_back(name);
  return names;
}

std::string Checkpoint::SomeNames() const {
  constexpr size_t kMostNames = 3;
  std::vector<std::string> some = names();
  const size_t all = some.size();
  some.resize(std::min(all, kMostNames));
  return absl::StrCat(absl::StrJoin(some, ", ",
                                    [](std::string* out, const std::string& name) {
                                      absl::StrAppend(out, Quoted(name));
                                    }),
                      all > kMostNames ? absl::StrCat(" and ", all - kMostNames, " more") : "");
}

absl::StatusOr<const SafetensorsFile*> Checkpoint::FileOf(std::string_view name,
                                                          absl::Span<const int64_t> shape) const {
  const auto file = file_of_tensor_.find(name);
  if (file == file_of_tensor_.end()) {
    return absl::InvalidArgumentError(absl::StrCat(directory_, ": the weights hold no tensor ",
                                                   Quoted(name), ", expected one of shape ",
                                                   ShapeText(shape), "; they hold ", SomeNames()));
  }
  return &files_[file->second];
}

absl::Status Checkpoint::Check(std::string_view name, absl::Span<const int64_t> shape) const {
  const absl::StatusOr<const SafetensorsFile*> file = FileOf(name, shape);
  return file.ok() ? (*file)->CheckFloats(name, shape) : file.status();
}

absl::StatusOr<std::vector<float>> Checkpoint::Read(std::string_view name,
                                                    absl::Span<const int64_t> shape) const {
  const absl::StatusOr<const SafetensorsFile*> file = FileOf(name, shape);
  if (!file.ok()) return file.status();
  return (*file)->ReadFloats(name, shape);
}

absl::StatusOr<std::string> Checkpoint::Revision() const {
  std::string digests;
  for (const SafetensorsFile& file : files_) {
    absl::StatusOr<std::string> digest = Sha256(file.file());
    if (!digest.ok() || files_.size() == 1) return digest;
    digests += *digest;
  }
  return Sha256(digests);
}

}  // namespace verdict
