// Any bytes as config.json.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "engine/models/config.h"
#include "tests/fuzz/memory_file.h"

namespace verdict {
namespace {

// A directory whose config.json is a file in memory.
class ConfigDirectory {
 public:
  ConfigDirectory() {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
    std::filesystem::create_symlink(config_.path(), path_ + "/config.json");
  }
  ~ConfigDirectory() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  MemoryFile& config() { return config_; }

 private:
  MemoryFile config_;
  std::string path_ = (std::filesystem::temp_directory_path() / "verdict_fuzz_XXXXXX").string();
};

}  // namespace
}  // namespace verdict

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static verdict::ConfigDirectory directory;
  directory.config().Write(std::string_view(reinterpret_cast<const char*>(data), size));
  const auto config = verdict::LoadModelConfig(directory.path());
  // What holds of every config that is let through.
  if (config.ok() && (config->dim < 1 || config->dim % config->n_heads != 0 ||
                      config->max_tokens() < 3 || config->labels.empty())) {
    std::abort();
  }
  return 0;
}
