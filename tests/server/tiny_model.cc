#include "tests/server/tiny_model.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "engine/tokenizer/files/tokenizer_files.h"

namespace verdict {

Model TinyModel(std::vector<TimedRun> warm_up) {
  std::string directory = ::testing::TempDir() + "tiny_model_XXXXXX";
  EXPECT_NE(mkdtemp(directory.data()), nullptr);
  std::ofstream(directory + "/vocab.txt")
      << "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ngood\nbad\nfilm\n##s\n";
  absl::StatusOr<Tokenizer> tokenizer = LoadTokenizer(directory);
  std::filesystem::remove_all(directory);
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();

  ModelConfig config;
  config.vocab_size = 9;
  config.max_position_embeddings = 8;
  config.problem_type = ProblemType::kSingleLabelClassification;
  config.labels = {"NEGATIVE", "POSITIVE"};
  return Model{.config = std::move(config),
               .tokenizer = *std::move(tokenizer),
               .engine = std::make_unique<FakeEngine>(2, std::move(warm_up)),
               .revision = "cafe",
               .warnings = {}};
}

FakeEngine& EngineOf(const Model& model) { return static_cast<FakeEngine&>(*model.engine); }

}  // namespace verdict
