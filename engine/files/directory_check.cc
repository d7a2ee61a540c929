#include "engine/files/directory_check.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "engine/files/quoted.h"

namespace verdict {
namespace {

namespace fs = std::filesystem;

// More entries of a directory than this are not looked at.
constexpr size_t kMaxEntries = 10'000;
// So many paths are named in a message.
constexpr size_t kMaxNamed = 3;

// Also a link to nothing: that is said when it is opened.
bool Exists(const fs::path& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

// In name order; none if it cannot be read.
std::vector<fs::path> EntriesOf(const fs::path& directory) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end;
       !error && it != end && entries.size() < kMaxEntries; it.increment(error)) {
    entries.push_back(it->path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

void AddModelsIn(const fs::path& directory, std::vector<std::string>* models) {
  for (const fs::path& entry : EntriesOf(directory)) {
    if (Exists(entry / "config.json")) models->push_back(entry.string());
  }
}

// The revision of a repository in the hub's cache that refs/main names, if it is there.
std::string MainSnapshot(const fs::path& repository) {
  std::ifstream file(repository / "refs" / "main");
  std::string revision;
  file >> revision;
  const fs::path snapshot = repository / "snapshots" / revision;
  return !revision.empty() && Exists(snapshot / "config.json") ? snapshot.string() : "";
}

void AddSnapshots(const fs::path& repository, std::vector<std::string>* models) {
  if (const std::string snapshot = MainSnapshot(repository); !snapshot.empty()) {
    models->push_back(snapshot);
  } else {
    AddModelsIn(repository / "snapshots", models);
  }
}

// Directories with a config.json below `directory`, where the hub's cache and transformers' Trainer
// have them: models--NAME/snapshots/REVISION, and checkpoint-500.
std::vector<std::string> ModelsBelow(const fs::path& directory) {
  std::vector<std::string> models;
  if (directory.filename() == "snapshots") AddSnapshots(directory.parent_path(), &models);
  if (!models.empty()) return models;
  AddSnapshots(directory, &models);
  AddModelsIn(directory, &models);
  for (const fs::path& cache : {directory, directory / "hub"}) {
    for (const fs::path& entry : EntriesOf(cache)) {
      if (absl::StartsWith(entry.filename().string(), "models--")) AddSnapshots(entry, &models);
    }
  }
  return models;
}

// "distilbert/distilbert-base-uncased" or "distilbert-base-uncased".
bool MayBeAHubsName(const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.' || c == '/';
  });
  return plain && !text.empty() && absl::ascii_isalnum(text.front()) &&
         absl::ascii_isalnum(text.back()) && std::count(text.begin(), text.end(), '/') <= 1;
}

absl::Status NotThere(const std::string& directory) {
  std::string message = absl::StrCat(directory, ": there is no such directory");
  if (MayBeAHubsName(directory)) {
    absl::StrAppend(&message,
                    ". If it is a model's name on the Hugging Face Hub: nothing is downloaded "
                    "here; run `hf download NAME --local-dir DIR` with that name, and give "
                    "--model DIR");
  }
  return absl::NotFoundError(message);
}

absl::Status NoConfig(const std::string& directory) {
  const std::vector<std::string> models = ModelsBelow(fs::path(directory).lexically_normal());
  if (models.empty()) {
    return absl::NotFoundError(absl::StrCat(
        directory, ": has no config.json; expected a directory as save_pretrained writes it"));
  }
  const auto named = absl::MakeConstSpan(models).subspan(0, kMaxNamed);
  return absl::NotFoundError(absl::StrCat(
      "give --model ", absl::StrJoin(named, " or "),
      models.size() > kMaxNamed ? absl::StrCat(" or one of ", models.size() - kMaxNamed, " more")
                                : "",
      ": the directory that was given has no config.json, but what is below it has"));
}

struct OtherWeights {
  const char* begin;  // of a file's name
  const char* end;
  const char* next_step;
};
constexpr char kSave[] =
    ".save_pretrained('.', safe_serialization=True)\"` in that directory makes a model.safetensors";
constexpr char kLoad[] =
    "`python3 -c \"from transformers import AutoModelForSequenceClassification as M; "
    "M.from_pretrained('.'";
constexpr std::array kOtherWeights = {
    OtherWeights{"pytorch_model", "", ")"},
    OtherWeights{"tf_model", ".h5", ", from_tf=True)"},
    OtherWeights{"flax_model", ".msgpack", ", from_flax=True)"},
};

}  // namespace

absl::Status CheckModelDirectory(const std::string& directory) {
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  if (status.type() == fs::file_type::not_found) return NotThere(directory);
  // What cannot be examined is said when it is read.
  if (status.type() == fs::file_type::none) return absl::OkStatus();
  if (status.type() != fs::file_type::directory) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, ": is a file; expected the directory that holds it"));
  }
  const fs::path path(directory);
  if (Exists(path / "adapter_config.json")) {
    return absl::FailedPreconditionError(absl::StrCat(
        directory,
        ": holds a PEFT adapter (adapter_config.json), which is not applied: merge it into its "
        "model. `python3 -c \"from peft import AutoPeftModelForSequenceClassification as M; "
        "M.from_pretrained('.', num_labels=N).merge_and_unload().save_pretrained('merged')\"` in "
        "that directory makes one, to which the tokenizer's files are added"));
  }
  if (!Exists(path / "config.json")) return NoConfig(directory);
  return absl::OkStatus();
}

absl::Status NoWeightsError(const std::string& directory) {
  std::string message = absl::StrCat(
      directory, ": expected model.safetensors or model.safetensors.index.json, found neither");
  for (const fs::path& entry : EntriesOf(directory)) {
    const std::string name = entry.filename().string();
    for (const OtherWeights& other : kOtherWeights) {
      if (!absl::StartsWith(name, other.begin) || !absl::EndsWith(name, other.end)) continue;
      return absl::NotFoundError(absl::StrCat(
          message, " but ", Quoted(name), ": ", kLoad, other.next_step, kSave,
          other.next_step[0] == ')' ? "" : ", with a version of transformers before 5"));
    }
  }
  for (const fs::path& entry : EntriesOf(directory)) {
    const std::string name = entry.filename().string();
    if (absl::EndsWith(name, ".safetensors")) {
      return absl::NotFoundError(absl::StrCat(
          message, " but ", Quoted(name), ": if these are the whole model's weights, rename them"));
    }
    if (absl::StartsWith(name, "onnx") || absl::EndsWith(name, ".onnx")) {
      return absl::NotFoundError(absl::StrCat(
          message, " but ", Quoted(name),
          ": ONNX is not read; get the model that it was exported from, in safetensors"));
    }
  }
  return absl::NotFoundError(message);
}

}  // namespace verdict
