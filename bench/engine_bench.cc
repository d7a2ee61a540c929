// Times the engine alone: fixed shapes by their median, and a file of text lengths by throughput.
// Prints one JSON object a line, as compare.mjs reads them.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "engine/model.h"
#include "nlohmann/json.hpp"

namespace verdict {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

struct BenchOptions {
  std::string model;
  int threads = 1;
  int max_batch_tokens = 512;
  std::string precision = "f32";
  bool profile = false;
  double seconds = 1.5;  // per fixed shape
  std::vector<std::string> shapes = {"1x8", "1x32", "1x128", "1x512"};
  std::string lengths_file;
};

// Ids that no two texts share in order, and that no special token has.
std::vector<int32_t> Text(int tokens, int seed, int vocab_size) {
  std::vector<int32_t> ids(tokens);
  for (int i = 0; i < tokens; ++i)
    ids[i] = 1000 % vocab_size + (i * 7919 + seed * 104729) % (vocab_size - 1000 % vocab_size);
  return ids;
}

double RunMilliseconds(Engine& engine, const Batch& batch) {
  const auto start = Clock::now();
  const auto logits = engine.Run(batch);
  const Milliseconds elapsed = Clock::now() - start;
  if (!logits.ok()) {
    std::cerr << "engine_bench: " << logits.status() << "\n";
    std::exit(1);
  }
  return elapsed.count();
}

// Each step's share of the time since `before`, in percent.
nlohmann::ordered_json Shares(const Profile& profile, const Profile& before) {
  const auto milliseconds_of = [](const Profile& profile, std::string_view step) {
    for (const auto& [name, time] : profile.steps()) {
      if (name == step) return Milliseconds(time).count();
    }
    return 0.0;
  };
  nlohmann::ordered_json shares;
  double sum = 0;
  for (const auto& [step, time] : profile.steps()) {
    sum += Milliseconds(time).count() - milliseconds_of(before, step);
  }
  for (const auto& [step, time] : profile.steps()) {
    const double part = Milliseconds(time).count() - milliseconds_of(before, step);
    shares[std::string(step)] = std::round(1000 * part / sum) / 10;
  }
  return shares;
}

nlohmann::json BenchShape(const Model& model, const std::string& shape, double seconds) {
  int texts = 0, tokens = 0;
  if (std::sscanf(shape.c_str(), "%dx%d", &texts, &tokens) != 2) {
    std::cerr << "engine_bench: shape '" << shape << "': expected TEXTSxTOKENS, such as 1x128\n";
    std::exit(2);
  }
  Batch batch;
  for (int i = 0; i < texts; ++i) batch.Append(Text(tokens, i, model.config.vocab_size));
  for (int i = 0; i < 2; ++i) RunMilliseconds(*model.engine, batch);
  std::vector<double> times;
  for (double total = 0; total < seconds * 1000 || times.size() < 7; total += times.back()) {
    times.push_back(RunMilliseconds(*model.engine, batch));
  }
  std::sort(times.begin(), times.end());
  return {{"shape", shape}, {"min_ms", times.front()}, {"p50_ms", times[times.size() / 2]}};
}

// Texts in the order of the file, as many to a batch as fit.
nlohmann::json BenchLengths(const Model& model, const BenchOptions& options) {
  std::ifstream file(options.lengths_file);
  std::vector<Batch> batches(1);
  int texts = 0;
  for (int tokens; file >> tokens; ++texts) {
    if (batches.back().tokens() + tokens > options.max_batch_tokens && batches.back().texts() > 0) {
      batches.emplace_back();
    }
    batches.back().Append(Text(tokens, texts, model.config.vocab_size));
  }
  RunMilliseconds(*model.engine, batches.front());
  double total = 0;
  for (const Batch& batch : batches) total += RunMilliseconds(*model.engine, batch);
  return {{"lengths", "packed"}, {"texts", texts}, {"texts_per_s", texts / total * 1000}};
}

int Main(int argc, char** argv) {
  BenchOptions options;
  CLI::App app{"Times Verdict's engine on a model directory."};
  app.add_option("model", options.model, "model directory")->required();
  app.add_option("--threads", options.threads)->capture_default_str();
  app.add_option("--max-batch-tokens", options.max_batch_tokens)->capture_default_str();
  app.add_option("--seconds", options.seconds, "time for each shape")->capture_default_str();
  app.add_option("--shapes", options.shapes, "TEXTSxTOKENS, separated by commas")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--lengths", options.lengths_file, "file of text lengths in tokens, one a line");
  app.add_option("--precision", options.precision)
      ->check([](const std::string& name) {
        return std::string(PrecisionOf(name) ? "" : "expected f32, bf16 or int8");
      })
      ->capture_default_str();
  app.add_flag("--profile", options.profile, "say what share of the time each step took");
  CLI11_PARSE(app, argc, argv);

  Profile profile;

  const auto model = LoadModel(options.model, {.threads = options.threads,
                                               .max_batch_tokens = options.max_batch_tokens,
                                               .precision = *PrecisionOf(options.precision),
                                               .profile = options.profile ? &profile : nullptr});
  if (!model.ok()) {
    std::cerr << "engine_bench: " << model.status() << "\n";
    return 1;
  }
  for (const std::string& warning : model->warnings)
    std::cerr << "engine_bench: " << warning << "\n";
  for (const std::string& shape : options.shapes) {
    // Run adds to it.
    const Profile before = profile;  // NOLINT(performance-unnecessary-copy-initialization)
    nlohmann::ordered_json row = BenchShape(*model, shape, options.seconds);
    if (options.profile) row["percent"] = Shares(profile, before);
    std::cout << row << std::endl;
  }
  if (!options.lengths_file.empty()) std::cout << BenchLengths(*model, options) << std::endl;
  return 0;
}

}  // namespace
}  // namespace verdict

int main(int argc, char** argv) { return verdict::Main(argc, argv); }
