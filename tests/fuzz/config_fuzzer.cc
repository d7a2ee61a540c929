// Any bytes as config.json.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "engine/config.h"

namespace {

// A directory of this process's own, removed when it exits.
class Directory {
 public:
  Directory() {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~Directory() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }

 private:
  std::string path_ = (std::filesystem::temp_directory_path() / "verdict_fuzz_XXXXXX").string();
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Directory directory;
  std::ofstream(directory.path() + "/config.json", std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  const auto config = verdict::LoadModelConfig(directory.path());
  // What holds of every config that is let through.
  if (config.ok() && (config->dim < 1 || config->dim % config->n_heads != 0 ||
                      config->max_tokens() < 3 || config->labels.empty())) {
    std::abort();
  }
  return 0;
}
